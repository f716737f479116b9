import { describe, expect, it } from 'vitest';
import type { StartRow, StartSummary } from './summary.js';
import { startTable, tableLines, terminalTable } from './table.js';
import { qualityNotes, standingNotes, titleOf, withError } from './wording.js';

const row = (key: StartRow['key'], name: string, extra: Partial<StartRow> = {}): StartRow => ({
  key,
  name,
  steps: 400,
  heldOutLoss: 5.7,
  againstControl: { mean: -0.01, standardError: 0.02 },
  secondsAStep: 0.1,
  seconds: 40,
  blocks: { run: 2400, possible: 2400 },
  ...extra,
});

const summary: StartSummary = {
  rows: [
    row('dropping', 'PreLN + PLD', { secondsAStep: 0.074, seconds: 29.6, blocks: { run: 1704, possible: 2400 } }),
    row('dense', 'PreLN'),
    row('post', 'PostLN'),
    row('equalTime', "PreLN in PLD's time", { steps: 292, seconds: 29.2 }),
    row('control', 'no blocks', { secondsAStep: 0.01, seconds: 4, againstControl: undefined, blocks: { run: 0, possible: 0 } }),
  ],
  timeSaved: { mean: 0.26, standardError: 0.004 },
  processorTimeSaved: { mean: 0.265, standardError: 0.002 },
  busyMachine: false,
  expectedTimeSaved: 0.272,
  equalTimeRatio: 0.986,
  lossCost: { mean: 0.012, standardError: 0.003 },
  lossCostInEqualTime: { mean: -0.002, standardError: 0.004 },
  depthMatters: false,
  unigramEntropy: 5.98,
};

describe('the words of start', () => {
  it('names the saving in the title, and none where none was measured', () => {
    expect(titleOf(summary)).toBe('Skipping 29 % of the block runs saved 26 % of the training time');
    expect(titleOf({ ...summary, timeSaved: { mean: 0.01, standardError: 0.006 } })).toBe(
      'Skipping 29 % of the block runs saved no time that could be measured here',
    );
  });

  it('goes by processor time on a busy machine, and says so', () => {
    const busy = { ...summary, busyMachine: true };
    expect(titleOf(busy)).toBe('Skipping 29 % of the block runs saved 27 % of the processor time');
    expect(standingNotes(busy)[0]).toMatch(
      /Other programs took part of the machine .* processor time is the better measure \(26.5 % ± 0.4 % saved; 26.0 % ± 0.8 % on the wall\)/,
    );
  });

  it('says that only the time is evidence where nothing beats the control', () => {
    const notes = qualityNotes(summary);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/No variant beats the control .* depth does not matter yet, and only the time is evidence/);
  });

  it.each([true, false])('says that nothing is learnt from context where every loss is above the unigram entropy', (depthMatters) => {
    const [note, ...rest] = qualityNotes({ ...summary, depthMatters, unigramEntropy: 5.6 });
    expect(note).toMatch(/^Every held-out loss is above the unigram entropy, 5\.600 nats: .* no model has learnt from context\.$/);
    expect(rest).toEqual(qualityNotes({ ...summary, depthMatters }));
  });

  it('claims a difference only beyond two standard errors', () => {
    const [steps, time, caution] = qualityNotes({ ...summary, depthMatters: true });
    expect(steps).toBe('PreLN + PLD ended above PreLN after the same steps in held-out loss, by 0.012 ± 0.006 nats.');
    expect(time).toBe("PreLN + PLD and PreLN trained for PLD's time cannot be told apart in held-out loss (−0.002 ± 0.008 nats).");
    expect(caution).toMatch(/no proof of quality/);
  });

  it('prints the realised ratio of the run in equal time', () => {
    expect(standingNotes(summary).join(' ')).toContain("The dense run meant to take PLD's time took 99 % of it");
  });

  it('writes an estimate with two standard errors', () => {
    expect(withError({ mean: -0.5, standardError: 0.1 }, (value) => value.toFixed(1))).toBe('-0.5 ± 0.2');
    expect(withError({ mean: 1, standardError: Number.NaN }, (value) => value.toFixed(1))).toBe('1.0');
  });

  it('tables loss, time a step, block runs, and the time saved beside what was expected', () => {
    const { rows } = startTable(summary);
    expect(rows[0]).toEqual(['PreLN + PLD', '400', '5.7000', '−0.010 ± 0.040', '74.0 ms', '1704 of 2400 (71 %)', '26.0 % ± 0.8 %', '26.5 % ± 0.4 %', '27.2 %']);
    expect(rows[3]).toEqual(["PreLN in PLD's time", '292', '5.7000', '−0.010 ± 0.040', '100.0 ms', '2400 of 2400 (100 %)', '27.0 %', '', '27.2 %']);
    expect(rows[4]!.slice(3)).toEqual(['–', '10.0 ms', '–', '', '', '']);
  });

  it("tables the same within a terminal's width", () => {
    const lines = tableLines(terminalTable(summary));
    expect(lines[2]).toBe('PreLN + PLD            400    5.7000   74.0 ms  1704 of 2400  26.0 % ± 0.8 %    27.2 %');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(95);
    expect(terminalTable({ ...summary, busyMachine: true }).columns).toContain('CPU time saved');
  });

  it('aligns text columns', () => {
    expect(
      tableLines({
        columns: ['a', 'long'],
        rows: [
          ['word', '1'],
          ['x', '23'],
        ],
      }),
    ).toEqual(['a     long', '────  ────', 'word     1', 'x       23']);
  });
});
