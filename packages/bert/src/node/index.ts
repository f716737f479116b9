export { type CorpusFiles, type CorpusFilesOptions, corpusFiles, corpusFilesOptions } from './corpus-files.js';
export { type CorpusSets, type CorpusSetsOptions, corpusSets } from './corpus-sets.js';
export { type CorpusProgress, type PrepareCorpusOptions, type PreparedCorpus, prepareCorpus, prepareCorpusOptions } from './prepare-corpus.js';
export * from './pretrained/index.js';
export { readTokenizer, saveTokenizer } from './read-tokenizer.js';
export { type TokenCacheOptions, tokenCache } from './token-cache.js';
export { type FileTokens, openTokens } from './token-files.js';
export { type Lines, utf8Lines, utf8Parts } from './utf8-lines.js';
