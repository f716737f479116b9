import { type BertConfig, bertPretraining, type PretrainingBatch } from '@hookline/bert';
import { clipGradients, createTrainer, type Data, during, type Plugin } from '@hookline/core';
import { type Engine, setCompiling } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { randomBatches } from './shape.js';

/** Our BERT in a trainer of its own, advanced one step at a time, with AdamW and clipping as its recipe has them. */
export interface OurBert {
  readonly engine: Engine;
  readonly config: BertConfig;
  /** One step of training; answers with its loss. The blocks named run, by default all. */
  step(open?: ReadonlySet<number>): Promise<number>;
  dispose(): Promise<void>;
}

export interface OurOptions {
  readonly shape: TrainingShape;
  readonly engine: 'auto' | 'wasm' | 'cpu' | 'native';
  readonly learningRate: number;
  readonly seed: number;
  /** Default `randomBatches`. */
  readonly data?: Data<PretrainingBatch>;
  /** Default 0. */
  readonly dropout?: number;
  /** Whether blocks are compiled where the engine can; default true. */
  readonly compiling?: boolean;
}

/** More steps than any benchmark takes. */
const PLENTY = 1_000_000;

export async function ourBert(options: OurOptions): Promise<OurBert> {
  const { shape, engine, learningRate, seed, data = randomBatches(options.shape), dropout = 0, compiling = true } = options;
  const { batchSize: _, maskedPerRow: __, sequenceLength, ...numbers } = shape;
  const learner = await bertPretraining({ ...numbers, maxPositionEmbeddings: sequenceLength, dropout, data: { train: data }, engine, seed });
  let open: ReadonlySet<number> | undefined;
  const gating: Plugin = {
    name: 'bench-gates',
    provides: ['gating'],
    onStep: during('begin', (step) => (open ? { ...step, gates: step.gates.map((gate, i) => (open?.has(i) ? gate : { ...gate, active: false })) } : step)),
  };
  const constant: Plugin = { name: 'bench-rate', provides: ['learning-rate'], onStep: during('begin', (step) => ({ ...step, learningRate })) };
  const trainer = createTrainer({ learner, plugins: [gating, constant, clipGradients({ norm: 1 })], steps: PLENTY, seed });
  const steps = trainer.events('step');
  return {
    engine: learner.engine,
    config: learner.config,
    async step(blocks) {
      open = blocks;
      const before = setCompiling(compiling);
      try {
        const { value } = await steps.next();
        return value.loss;
      } finally {
        setCompiling(before);
      }
    },
    async dispose() {
      await steps.return?.();
      learner.dispose();
    },
  };
}
