export { type BrowserStore, type IndexedDbStoreOptions, indexedDbStore } from './indexed-db-store.js';
