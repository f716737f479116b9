export { type DynamicsResult, type DynamicsStudyRun, studyDynamics } from './study.js';
export { type DynamicsOptions, dynamicsVariants } from './variants.js';
