export type { Lesion, LesionedRun, LesionOptions } from './lesion.js';
export { studyLesions } from './study.js';
