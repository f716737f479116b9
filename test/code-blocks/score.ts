import { glueTask, taskScore } from '@hookline/glue';

taskScore(glueTask('mrpc').metrics, [1, 0, 1], [1, 1, 1]); // { accuracy: 0.667, f1: 0.8, score: 0.733 }
