export * from './errors.js';
export * from './events.js';
export * from './gates.js';
export type * from './learner.js';
export type * from './plugin.js';
export type * from './trainer-types.js';
export type * from './values.js';
