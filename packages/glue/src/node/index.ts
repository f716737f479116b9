export { type LocatedSplit, locateSplit } from './locate-glue.js';
export { type GlueSet, type ReadGlueOptions, readGlue } from './read-glue.js';
