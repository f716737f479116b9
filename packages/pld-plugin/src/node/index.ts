export { readGateTrace, writeGateTrace } from './gate-trace-files.js';
