import { loadEngine } from '@hookline/tfjs';

await loadEngine('wasm', { wasmPaths: '/wasm/' });
