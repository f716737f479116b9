import { describe, expect, it } from 'vitest';
import { driven } from '../../test/plugin-run.js';
import { mergeGates } from '../gates.js';
import { during, eachBlock } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { gradientCheckpointing } from './gradient-checkpointing.js';

/** Drops half of the blocks at random, with a gain for the others. */
const dropping: Plugin = {
  name: 'dropping',
  setup: (run) => ({
    onStep: during('begin', (step) => {
      const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.5, gain: 2 }));
      return { ...step, gates: mergeGates(step.gates, plan) };
    }),
  }),
};

async function trained(plugins: readonly Plugin[], steps = 6) {
  const operations = { forward: 0, backward: 0, updated: 0 };
  const learner = residualMlp({ depth: 4, dropout: 0.3, operations });
  const active: number[] = [];
  const trainer = createTrainer({ learner, plugins, steps, seed: 5, learningRate: 0.01 });
  trainer.on('step', (step) => void active.push(step.activeBlocks));
  await trainer.run();
  return { operations, active, saved: learner.save() };
}

describe('gradientCheckpointing', () => {
  it('asks for the chosen blocks besides those that others ask for', async () => {
    const asked = async (options: Parameters<typeof gradientCheckpointing>[0], others: (block: string) => boolean = () => false) => {
      const { recompute } = await driven(gradientCheckpointing(options)).begin(0, { recompute: others });
      return ['a', 'b'].filter(recompute);
    };
    expect(await asked({})).toEqual(['a', 'b']);
    expect(await asked({ blocks: { every: 2 } })).toEqual(['a']);
    expect(await asked({ blocks: 'b' })).toEqual(['b']);
    expect(await asked({ blocks: { first: 0 } }, (block) => block === 'b')).toEqual(['b']);
  });

  it('trains to the same weights, with dropped blocks, gains, dropout and accumulation', async () => {
    const plugins: readonly Plugin[] = [dropping, { name: 'accumulate', accumulation: 2 }];
    const plain = await trained(plugins);
    const checkpointed = await trained([...plugins, gradientCheckpointing()]);
    for (const [name, { data }] of Object.entries(plain.saved)) {
      for (const [i, value] of data.entries())
        expect(Math.abs(checkpointed.saved[name]!.data[i]! - value), name).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(value)));
    }
  });

  it('runs each open block once more, and a dropped one not at all', async () => {
    const plain = await trained([dropping]);
    const checkpointed = await trained([dropping, gradientCheckpointing()]);
    const open = plain.active.reduce((sum, n) => sum + n, 0);
    expect(checkpointed.active).toEqual(plain.active);
    expect(open).toBeLessThan(4 * 6);
    const ofABlock = 2 * 5; // two branches: two products, tanh, dropout, sum
    expect(checkpointed.operations.forward - plain.operations.forward).toBe(open * (ofABlock + 1)); // and the block as one operation
  });

  it('lets hooks of blocks see each block once', async () => {
    const calls: string[] = [];
    const watch: Plugin = {
      name: 'watch',
      onForwardBlock: eachBlock((call) => {
        calls.push(`${call.phase} ${call.name}${call.phase === 'enter' ? ` ${call.recompute}` : ''}`);
        return call;
      }),
    };
    await trained([watch, gradientCheckpointing({ blocks: { last: 1 } })], 1);
    expect(calls).toEqual([0, 1, 2, 3].flatMap((i) => [`enter block.${i} ${i === 3}`, `leave block.${i}`]));
  });

  it.each([{ blocks: 'c' }, { blocks: { first: 3 } }])('refuses %o when the run is set up', (options) => {
    expect(() => driven(gradientCheckpointing(options))).toThrow(expect.objectContaining({ code: 'HOOKLINE_SELECTION' }));
  });

  it.each([{ blocks: { every: 0 } }, { block: 'a' }])('refuses %o', (options) => {
    expect(() => gradientCheckpointing(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});
