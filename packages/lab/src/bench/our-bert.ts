import { type BertConfig, type BertLearner, bertPretraining, type PretrainingBatch } from '@hookline/bert';
import { type Data, during, type Plugin } from '@hookline/core';
import type { Engine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { modelOptions, randomBatches } from './shape.js';
import { steppedTrainer } from './stepped-trainer.js';

/** Our BERT in a trainer of its own, advanced one step at a time, with AdamW and clipping as its recipe has them. */
export interface OurBert {
  readonly engine: Engine;
  readonly config: BertConfig;
  /** One step of training; answers with its loss. The blocks named run, by default all. */
  step(open?: ReadonlySet<number>): Promise<number>;
  dispose(): Promise<void>;
}

export interface LearnerOptions {
  readonly shape: TrainingShape;
  readonly engine: 'auto' | 'wasm' | 'cpu' | 'native';
  readonly seed: number;
  /** Default `randomBatches`. */
  readonly data?: Data<PretrainingBatch>;
  /** Default 0. */
  readonly dropout?: number;
}

export interface OurOptions extends LearnerOptions {
  readonly learningRate: number;
  /** Plans which blocks run, instead of what `step` is told. */
  readonly gating?: Plugin;
  /** Beside gating, a constant rate and clipping. */
  readonly plugins?: readonly Plugin[];
  /** Whether blocks are compiled where the engine can; default true. */
  readonly compiling?: boolean;
}

/** The learner alone, its recipe left out. */
export function benchLearner({ shape, engine, seed, data = randomBatches(shape), dropout = 0 }: LearnerOptions): Promise<BertLearner> {
  return bertPretraining({ ...modelOptions(shape), dropout, data: { train: data }, engine, seed, defaults: [] });
}

export async function ourBert(options: OurOptions): Promise<OurBert> {
  const { learningRate, seed, compiling = true, plugins = [] } = options;
  const learner = await benchLearner(options);
  let open: ReadonlySet<number> | undefined;
  const chosen: Plugin = {
    name: 'bench-gates',
    provides: ['gating'],
    onStep: during('begin', (step) => (open ? { ...step, gates: step.gates.map((gate, i) => (open?.has(i) ? gate : { ...gate, active: false })) } : step)),
  };
  const gating = learner.blocks.length > 0 ? [options.gating ?? chosen] : [];
  const stepped = steppedTrainer(learner, { learningRate, seed, plugins: [...gating, ...plugins], compiling });
  return {
    engine: learner.engine,
    config: learner.config,
    step(blocks) {
      open = blocks;
      return stepped.step();
    },
    dispose: stepped.dispose,
  };
}
