export type { HubOptions } from './hub.js';
export { type Pretrained, type ReadPretrainedOptions, readPretrained } from './read-pretrained.js';
export { type RunModel, readRunModel, runModelFiles, writeRunModel } from './run.js';
export { type WritePretrainedOptions, writePretrained } from './write-pretrained.js';
