import { openGates } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { begins, ends, runContext } from '../test/hooks.js';
import { transformerBlocks } from '../test/patterns.js';
import { equalBlocks } from './dropping.js';
import { progressiveLayerDropping } from './progressive-layer-dropping.js';
import { formatTraceLine, type GateTrace, parseTrace, recordGates, replayGates, traceOfDraws } from './trace.js';

const blocks = transformerBlocks(3, 'pre');
const run = runContext(blocks, 20);
const drawn = async () => (await begins(progressiveLayerDropping(), run)).map((step) => step.gates);
const text = (trace: GateTrace) => trace.map((gates, step) => `${formatTraceLine(step, gates)}\n`).join('');

describe('a gate trace', () => {
  it('survives its lines and is replayed gate by gate', async () => {
    const trace = await drawn();
    expect(parseTrace(text(trace))).toEqual(trace);
    const replayed = await begins(replayGates(parseTrace(text(trace))), run);
    expect(replayed.map((step) => step.gates)).toEqual(trace);
    expect(replayed.every((step) => step.dropped === 'skip' && step.counter === 'own')).toBe(true);
    const [first] = await begins(replayGates(trace, { dropped: 'decay', counter: 'global' }), run, 1);
    expect([first!.dropped, first!.counter]).toEqual(['decay', 'global']);
    expect(replayGates(trace)).toMatchObject({ name: 'replay-gates', provides: ['gating'] });
  });

  it('may leave out gains of 1 and branches that follow their block', async () => {
    const line =
      '{"step":0,"gates":[{"name":"layer.0","active":false},{"name":"layer.1","active":true,"gain":2,"branches":{"ffn":{"active":false}}},{"name":"layer.2","active":true}]}';
    const [step] = await begins(replayGates(parseTrace(`${line}\n\n`)), runContext(blocks, 1));
    const off = { active: false, gain: 1 };
    const on = { active: true, gain: 1 };
    expect(step!.gates).toEqual([
      { name: 'layer.0', active: false, gain: 1, branches: { attention: off, ffn: off } },
      { name: 'layer.1', active: true, gain: 2, branches: { attention: on, ffn: off } },
      { name: 'layer.2', active: true, gain: 1, branches: { attention: on, ffn: on } },
    ]);
  });

  it('longer than the run is cut', async () => {
    const trace = await drawn();
    expect((await begins(replayGates([...trace.slice(0, 5), []]), runContext(blocks, 5))).map((step) => step.gates)).toEqual(trace.slice(0, 5));
  });

  it('is recorded from the gates that were executed', async () => {
    const trace = await drawn();
    const seen: [number, unknown][] = [];
    await ends(
      recordGates((step, gates) => seen.push([step, gates])),
      run,
      trace,
    );
    expect(seen).toEqual(trace.map((gates, step) => [step, gates]));
    await expect(
      begins(
        recordGates(() => {}),
        run,
        1,
      ),
    ).resolves.toHaveLength(1);
  });

  it.each<[string, () => unknown]>([
    ['the gate trace holds 3 steps and the run has 20', async () => begins(replayGates((await drawn()).slice(0, 3)), run)],
    [
      'step 0 of the gate trace is for the blocks layer.0, layer.1, layer.2, and the run has block.0, block.1',
      async () => begins(replayGates(await drawn()), runContext(equalBlocks(2), 20)),
    ],
    ['step 0 of the gate trace is for the blocks (none), and the run has block.0', async () => begins(replayGates([[]]), runContext(equalBlocks(1), 1))],
    [
      "step 0 of the gate trace has a branch 'mlp' that block 'block.0' does not declare; its branches: (none)",
      async () =>
        begins(replayGates([[{ name: 'block.0', active: true, gain: 1, branches: { mlp: { active: true, gain: 1 } } }]]), runContext(equalBlocks(1), 1)),
    ],
    ['line 2 of the gate trace is not JSON', async () => parseTrace(text(await drawn()).slice(0, 400))],
    [
      'line 2 of the gate trace is step 2, the next would be 1',
      async () =>
        parseTrace(
          text(await drawn())
            .split('\n')
            .filter((_, i) => i !== 1)
            .join('\n'),
        ),
    ],
    ["line 1 of the gate trace: option 'gates[0].active'", async () => parseTrace('{"step":0,"gates":[{"name":"a","active":1}]}')],
    ["line 1 of the gate trace: there is no option 'gate'", async () => parseTrace('{"step":0,"gates":[],"gate":1}')],
  ])('%s', async (message, act) => {
    await expect((async () => act())()).rejects.toMatchObject({ code: 'HOOKLINE_GATE_TRACE', message: expect.stringContaining(message) });
  });
});

describe("another framework's draws", () => {
  it('become gates with the factor on each branch, or on the whole block', () => {
    const active = [[1, 0, 1]] as const;
    const gains = [[1.25, 2, 4]];
    const [byBranch] = traceOfDraws(blocks, { active, gains });
    expect(byBranch!.map((gate) => [gate.active, gate.gain, gate.branches['ffn']])).toEqual([
      [true, 1, { active: true, gain: 1.25 }],
      [false, 1, { active: false, gain: 2 }],
      [true, 1, { active: true, gain: 4 }],
    ]);
    const [whole] = traceOfDraws(blocks, { active, gains, scaling: 'block' });
    expect(whole!.map((gate) => [gate.gain, gate.branches['ffn']!.gain])).toEqual([
      [1.25, 1],
      [2, 1],
      [4, 1],
    ]);
    const [bare] = traceOfDraws(equalBlocks(3), { active, gains });
    expect(bare!.map((gate) => gate.gain)).toEqual([1.25, 2, 4]);
    expect(traceOfDraws(blocks, { active: [[true, true, true]] })).toEqual([openGates(blocks)]);
  });

  it('may gate each branch', () => {
    const [gates] = traceOfDraws(blocks, {
      active: [[1, 1, 0]],
      branches: [
        [
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
    });
    expect(gates!.map((gate) => Object.values(gate.branches).map((branch) => branch.active))).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  it.each([
    [
      'active of step 1 has 2 entries where 3 are needed',
      {
        active: [
          [1, 1, 1],
          [1, 1],
        ] as (0 | 1)[][],
      },
    ],
    ['gains of step 0 has no entries where 3 are needed', { active: [[1, 1, 1]] as (0 | 1)[][], gains: [] }],
    ['branches of step 0 has 1 entries where 3 are needed', { active: [[1, 1, 1]] as (0 | 1)[][], branches: [[[1, 1]]] as (0 | 1)[][][] }],
    [
      "branches of step 0, block 'layer.1' has 1 entries where 2 are needed",
      { active: [[1, 1, 1]] as (0 | 1)[][], branches: [[[1, 1], [1], [1, 1]]] as (0 | 1)[][][] },
    ],
  ])('%s', (message, draws) => {
    expect(() => traceOfDraws(blocks, draws)).toThrow(message);
  });
});
