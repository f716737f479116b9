import { readLabelled } from '@hookline/glue/node';

const train = await readLabelled('mine.tsv', { text: 'sentence', label: 'label' });
const dev = await readLabelled('mine-dev.csv', { text: 'sentence', label: 'label', task: train.task });

if (train.examples.length !== 3 || dev.examples[0]?.label !== 1) throw new Error('the files are read otherwise than docs/glue.md says');
