import type { BenchCnn } from './cnn.js';
import type { BenchEngines } from './engines.js';
import type { BenchFinetune } from './finetune.js';
import type { BenchHooks } from './hooks.js';
import type { BenchLayers } from './layers.js';
import type { BenchMemory } from './memory.js';
import type { BenchProfile } from './profile.js';
import type { BenchRecompute } from './recompute.js';
import type { BenchSaving } from './saving.js';
import type { BenchStep } from './step.js';
import { cnnLines, cnnShapeLine } from './text/cnn.js';
import { machineLine, shapeLine } from './text/common.js';
import { enginesLines } from './text/engines.js';
import { finetuneLines, finetuneShapeLine } from './text/finetune.js';
import { hooksLines } from './text/hooks.js';
import { layersLines, layersShapeLine } from './text/layers.js';
import { memoryLines } from './text/memory.js';
import { profileLines } from './text/profile.js';
import { recomputeLines } from './text/recompute.js';
import { savingLines } from './text/saving.js';
import { stepLines } from './text/step.js';

export type BenchResult =
  | BenchStep
  | BenchSaving
  | BenchMemory
  | BenchHooks
  | BenchEngines
  | BenchCnn
  | BenchLayers
  | BenchProfile
  | BenchFinetune
  | BenchRecompute;

function bodyOf(result: BenchResult): readonly string[] {
  switch (result.kind) {
    case 'step':
      return stepLines(result);
    case 'saving':
      return savingLines(result);
    case 'memory':
      return memoryLines(result);
    case 'hooks':
      return hooksLines(result);
    case 'engines':
      return enginesLines(result);
    case 'cnn':
      return cnnLines(result);
    case 'layers':
      return layersLines(result);
    case 'profile':
      return profileLines(result);
    case 'finetune':
      return finetuneLines(result);
    case 'recompute':
      return recomputeLines(result);
  }
}

function subjectOf(result: BenchResult): string {
  switch (result.kind) {
    case 'cnn':
      return cnnShapeLine(result.shape);
    case 'layers':
      return layersShapeLine(result.shape);
    case 'finetune':
      return finetuneShapeLine(result);
    default:
      return shapeLine(result.shape);
  }
}

/** A benchmark as lines of text: on what, of what, and what came out. */
export function benchLines(result: BenchResult): readonly string[] {
  const model = subjectOf(result);
  const clock = 'clock' in result && result.clock === 'cpu' ? 'processor time' : 'time on the wall';
  return [machineLine(result.machine), result.kind === 'memory' ? model : `${model}; ${clock}`, '', ...bodyOf(result)];
}
