export * from './bench/index.js';
export * from './compare/index.js';
export { documentsFromSotu, isHeldOutYear, type Speech, sotuHeldOut, sotuSpeeches } from './corpora/sotu.js';
export * from './export/index.js';
export * from './failures.js';
export * from './inspect/index.js';
export * from './pretrain/index.js';
export * from './report/index.js';
export * from './start/index.js';
