export { type DownloadGlueOptions, downloadGlue, glueRepository } from './download-glue.js';
export { type FineTuningSets, type GlueFineTuningOptions, glueFineTuning, readFineTuningSets, readForFineTuning } from './glue-fine-tuning.js';
export { type LocatedSplit, locateSplit } from './locate-glue.js';
export { type GlueSet, type ReadGlueOptions, readGlue } from './read-glue.js';
export { type ReadLabelledOptions, readLabelled } from './read-labelled.js';
export { type CheckedFile, checkSubmission, type TestPredictions, writePredictions } from './submission-folder.js';
export { type FoundSplit, surveyGlue } from './survey-glue.js';
