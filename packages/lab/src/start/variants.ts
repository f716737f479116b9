import type { Plugin } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import type { RunLengths } from './budget.js';
import type { StartShape } from './shape.js';

/** One of the models that `start` trains side by side. */
export interface StartVariant {
  readonly key: 'dropping' | 'dense' | 'post' | 'equalTime' | 'control';
  readonly name: string;
  readonly description: string;
  readonly norm: 'pre' | 'post';
  readonly layers: number;
  readonly steps: number;
  readonly plugins: readonly Plugin[];
}

/** The five runs: dropped and dense PreLN, PostLN, dense PreLN for the time of the first, and the control without blocks. */
export function startVariants(shape: StartShape, { steps, equalTimeSteps }: Pick<RunLengths, 'steps' | 'equalTimeSteps'>): readonly StartVariant[] {
  const layers = shape.numHiddenLayers;
  const dense = { norm: 'pre', layers, steps, plugins: [] } as const;
  return [
    {
      ...dense,
      key: 'dropping',
      name: 'PreLN + PLD',
      description: 'progressive layer dropping: skips whole blocks, more often the deeper they lie',
      plugins: [progressiveLayerDropping({ thetaBar: shape.thetaBar })],
    },
    { ...dense, key: 'dense', name: 'PreLN', description: 'the same model and data, every block in every step' },
    { ...dense, key: 'post', name: 'PostLN', description: 'the original BERT block, every block in every step', norm: 'post' },
    {
      ...dense,
      key: 'equalTime',
      name: "PreLN in PLD's time",
      description: `dense, for the ${equalTimeSteps} steps that fit PLD's time`,
      steps: equalTimeSteps,
    },
    { ...dense, key: 'control', name: 'no blocks', description: 'the control: embeddings and head alone', layers: 0 },
  ];
}
