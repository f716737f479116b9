export * from './native-install/index.js';
