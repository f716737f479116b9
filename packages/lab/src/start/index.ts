export { type StartNews, type StartOptions, type StartResult, start } from './start.js';
export { startTable, tableLines } from './table.js';
export { laneLine, startTerminal, type TerminalOptions } from './terminal.js';
export { qualityNotes, standingNotes, titleOf } from './wording.js';
