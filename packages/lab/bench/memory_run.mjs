// One process of `hookline bench memory`: trains as its argument says and answers with a line of JSON.
import { memoryProgram } from '../dist/bench/memory-run.js';

process.stdout.write(`${JSON.stringify(await memoryProgram(process.argv[2]))}\n`);
