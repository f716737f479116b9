import type { Cases } from './case.js';
import { composites } from './composites.js';
import { elementwise } from './elementwise.js';
import { movements } from './movements.js';
import { products } from './products.js';
import { reductions } from './reductions.js';

export type { ConformanceCase } from './case.js';

/** What every engine must compute, value and gradient: one element, empty, broadcast, and sizes that are no multiple of 4. */
export const conformanceCases: Readonly<Cases> = { ...elementwise(), ...reductions(), ...products(), ...movements(), ...composites() };
