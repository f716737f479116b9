import type { Report, ReportVariant } from '../src/report/types.js';

/** A small made-up report for tests: two contenders, one of them gated, and a control. */
export function sampleReport(steps = 60): Report {
  const blocks = 4;
  const variant = (name: string, secondsAStep: number, end: number, extra: Partial<ReportVariant> = {}): ReportVariant => ({
    name,
    blocks,
    curve: Array.from({ length: steps }, (_, i) => ({
      step: i + 1,
      seconds: (i + 1) * secondsAStep,
      loss: end + (6.1 - end) * Math.exp((-4 * i) / steps) + 0.3 * ((((i + name.length) * 7919) % 101) / 101 - 0.5),
    })),
    evaluations: [0, 0.25, 0.5, 0.75, 1].map((part) => ({
      step: Math.round(part * steps),
      seconds: part * steps * secondsAStep,
      loss: end + (6.0 - end) * Math.exp(-4 * part),
    })),
    parts: { data: 0.001, forwardBackward: 0.8 * secondsAStep, update: 0.15 * secondsAStep, other: 0.05 * secondsAStep - 0.001 },
    ...extra,
  });
  const theta = (step: number): number => 0.5 + 0.5 * Math.exp((-100 * step) / steps);
  const active = Array.from({ length: steps }, (_, step) =>
    Array.from({ length: blocks }, (_, block) => Math.abs(Math.sin(78.233 * (step * blocks + block + 1))) < 1 - ((block + 1) / blocks) * (1 - theta(step))),
  );
  const dropping = variant('PreLN + <PLD>', 0.07, 5.73, { active });
  return {
    kind: 'hookline start',
    title: 'Skipping blocks saved 27 % & cost nothing here',
    lede: 'A made-up report: no number in it was measured.',
    made: new Date(Date.UTC(2026, 0, 2, 3, 4)),
    machine: [['Processor', 'imaginary, 2 cores']],
    settings: [['Model', 'L=4 H=128']],
    headlines: [
      { value: '27.1 %', label: 'time saved', detail: '28.9 % expected' },
      { value: '71 %', label: 'of block runs' },
      { value: '+0.01', label: 'held-out loss' },
    ],
    variants: [
      { ...dropping, curve: dropping.curve.map((point, i) => ({ ...point, theta: theta(i), expectedActive: 1.5 + 2.5 * theta(i) })) },
      variant('PreLN', 0.1, 5.72),
      variant('PostLN', 0.101, 5.715),
      variant('no blocks', 0.01, 5.76, { control: true, blocks: 0 }),
    ],
    references: [
      { label: 'unigram entropy', loss: 5.98 },
      { label: 'no blocks, at the end', loss: 5.765 },
    ],
    tables: [
      {
        title: 'Summary',
        columns: ['Variant', 'Held-out loss', 'ms a step'],
        rows: [
          ['PreLN + <PLD>', '5.73', '70'],
          ['PreLN', '5.72', '100'],
        ],
        caption: 'Two rows.',
      },
    ],
    axes: ['step', 'seconds'],
    notes: ['Nothing here was measured, as "sample" says.'],
  };
}
