export { type StudyMethod, type StudyOptions, studyMethods } from './cells.js';
export { runStudy, type StudyResult, type StudyRun } from './study.js';
