export { type StudyCheckpoint, type StudyOptions, type StudySetting, studyMethods } from './cells.js';
export { type DoneCell, runStudy, type StudyResult, type StudyRun } from './study.js';
