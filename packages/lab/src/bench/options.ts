import type { TrainingShape } from '../shape.js';
import type { ClockName } from './interleave.js';

/** What every benchmark of a training step can be told. */
export interface BenchOptions {
  /** Default `wasm`. */
  readonly engine?: 'auto' | 'wasm' | 'cpu' | 'native';
  /** Default `benchShape`. */
  readonly shape?: TrainingShape;
  /** Timed rounds, each one step of every contender; the benchmark says the default. */
  readonly rounds?: number;
  /** Rounds before, not timed; the benchmark says the default. */
  readonly warmup?: number;
  /** Default `wall`; `cpu` compares better on a machine that does other work, but only engines of one thread. */
  readonly clock?: ClockName;
  readonly onRound?: (done: number, of: number) => void;
}
