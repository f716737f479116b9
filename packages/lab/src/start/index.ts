export { type StartNews, type StartOptions, type StartResult, start } from './start.js';
export { tableLines, terminalTable } from './table.js';
export { laneLine, startTerminal, type TerminalOptions } from './terminal.js';
export { equalTimeNote, qualityNotes } from './wording.js';
