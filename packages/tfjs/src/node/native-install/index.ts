export { enginesDirectory } from './engines-directory.js';
export { findNativeEngines, type InstalledEngine } from './find-engine.js';
export { type InstallOptions, installNative } from './install.js';
export { removeNative } from './remove.js';
