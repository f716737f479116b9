import type { AddCommand } from '../program.js';
import { addEngines } from './engines.js';
import { addStart } from './start.js';

/** The commands in the order in which help lists them. */
export const commands: readonly AddCommand[] = [addStart, addEngines];
