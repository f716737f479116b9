import { createTrainer } from '@hookline/core';
import { glueFineTuning } from '@hookline/glue/node';
import { progressiveLayerDropping } from '@hookline/pld-plugin';

const learner = await glueFineTuning({ task: 'rte', checkpoint: 'models/minilm', data: 'data/glue', seed: 1 });
const result = await createTrainer({ learner, plugins: [progressiveLayerDropping({ thetaBar: 0.9 })], epochs: 3, seed: 1 }).run();

export { result };
