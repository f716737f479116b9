export { type StudyOptions, type StudySetting, studyMethods } from './cells.js';
export { runStudy, type StudyResult, type StudyRun } from './study.js';
