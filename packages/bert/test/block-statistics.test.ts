import { describe } from 'vitest';
import { checkBlockStatistics } from './block-statistics.js';

describe('block statistics on wasm are those that PyTorch computes in float64', () => checkBlockStatistics('wasm'));
