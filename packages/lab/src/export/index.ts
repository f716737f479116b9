export { type Exported, type ExportOptions, exportModel } from './export.js';
