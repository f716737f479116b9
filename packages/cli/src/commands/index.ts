import type { AddCommand } from '../program.js';
import { addBench } from './bench.js';
import { addCompare } from './compare.js';
import { addData } from './data.js';
import { addEngines } from './engines.js';
import { addEvaluate } from './evaluate.js';
import { addExport } from './export.js';
import { addFillMask } from './fill-mask.js';
import { addFinetune } from './finetune.js';
import { addGlue } from './glue.js';
import { addInspect } from './inspect.js';
import { addPredict } from './predict.js';
import { addPretrain } from './pretrain.js';
import { addSchema } from './schema.js';
import { addStart } from './start.js';
import { addStudy } from './study.js';

/** The commands in the order in which help lists them. */
export const commands: readonly AddCommand[] = [
  addStart,
  addPretrain,
  addFinetune,
  addEvaluate,
  addPredict,
  addStudy,
  addCompare,
  addInspect,
  addFillMask,
  addExport,
  addData,
  addGlue,
  addBench,
  addEngines,
  addSchema,
];
