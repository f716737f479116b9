/** What looks into runs, through the real command: statistics, TensorBoard, profile, the study of dynamics, lesions. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookline } from './run-hookline.js';
import { makeWorkspace, removeWorkspace, small } from './workspace.js';

let cwd = '';
beforeAll(async () => {
  cwd = await makeWorkspace();
}, 120_000);
afterAll(() => removeWorkspace(cwd));

const text = (...path: string[]): string => readFileSync(join(cwd, ...path), 'utf8');
const objects = (out: string): readonly Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('pretrain', () => {
  it('tells of its blocks, its time and TensorBoard where it is asked to', async () => {
    const flags = ['--steps', '4', '--evaluate-every', '2', '--statistics', '2', '--tensorboard', '--profile', '--run', 'told'];
    const { code, out, err } = await hookline(['pretrain', ...small, ...flags], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toMatch(/Part +Calls +Seconds +Share +ms a call\nreading batches +4 /);
    expect(out).toMatch(/encoder\.1, forward +4 /);
    const steps = objects(text('told', 'metrics.jsonl')).filter(({ event }) => event === 'step');
    const report = steps.map((step) => Object.keys(step['report'] as object).sort());
    const names = ['cosine', 'distance', 'gradientNorm'].flatMap((figure) => [`${figure}.encoder.0`, `${figure}.encoder.1`]);
    expect(report).toEqual([[...names, 'topNorm'], [], [...names, 'topNorm'], []]);
    expect(readdirSync(join(cwd, 'told', 'tensorboard'))).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\.00000000\.hookline$/)]);
    expect(JSON.parse(text('told', 'trace.json')).traceEvents.map(({ name }: { name: string }) => name)).toContain('encoder.1');
    const page = text('told', 'report.html');
    expect(page).toContain('Where the time went');
    expect(page).toContain('Cosine similarity of a block’s input and output');
    expect(page).not.toMatch(/(src|href)="http/);
  });

  it('resumes with the telemetry that it began with', async () => {
    const { code, out } = await hookline(['pretrain', '--resume', 'told', '--json'], { cwd });
    expect(code).toBe(0);
    expect(objects(out).at(-1)).toMatchObject({ event: 'result', steps: 4 });
  });
});

describe('study lesion', () => {
  it('tells what runs lose without each block', async () => {
    const { code, out, err } = await hookline(['study', 'lesion', 'run', 'told', '--out', 'lesion.html', '--json'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const found = objects(out).filter(({ event }) => event === 'lesions') as unknown as readonly {
      readonly name: string;
      readonly loss: number;
      readonly lesions: readonly { readonly block: string; readonly loss: number; readonly increase: { readonly mean: number } }[];
    }[];
    expect(found.map(({ name, lesions }) => [name, lesions.map(({ block }) => block)])).toEqual([
      ['run', ['encoder.0', 'encoder.1']],
      ['told', ['encoder.0', 'encoder.1']],
    ]);
    const evaluations = objects(text('run', 'metrics.jsonl')).filter(({ event }) => event === 'evaluation');
    expect(found[0]!.loss).toBeCloseTo((evaluations.at(-1)!['metrics'] as { mlmLoss: number }).mlmLoss, 6);
    for (const { loss, lesions } of found) for (const one of lesions) expect(one.loss - loss).toBeCloseTo(one.increase.mean, 1);
    expect(text('lesion.html')).toContain('what the loss rises by with one block left out');
  });

  it.each([
    { name: 'what is no run', paths: ['folder'], line: /\[HOOKLINE_RUN\] 'folder' holds no run/ },
    {
      name: 'a place that cannot be written',
      paths: ['run', '--out', 'corpus.txt/lesion.html'],
      line: /\[HOOKLINE_WRITE\] 'corpus.txt' cannot be a directory/,
    },
  ])('refuses $name', async ({ paths, line }) => {
    const { code, err } = await hookline(['study', 'lesion', ...paths], { cwd });
    expect({ code, lines: err.length }).toEqual({ code: 2, lines: 1 });
    expect(err[0]).toMatch(line);
  });
});

describe('study dynamics', () => {
  const flags = [
    '--corpus',
    'corpus.txt',
    '--vocab-size',
    '120',
    '--layers',
    '1',
    '--steps',
    '10',
    '--sequence-length',
    '8',
    '--batch-size',
    '2',
    '--engine',
    'wasm',
  ];
  const study = (...more: readonly string[]) => hookline(['study', 'dynamics', ...flags, '--out', 'dynamics', '--json', ...more], { cwd });

  it('trains what is not done yet, and shows all side by side', async () => {
    const first = await study();
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: [] });
    const { tables } = objects(first.out).at(-1) as { tables: readonly { title: string; rows: readonly (readonly string[])[] }[] };
    expect(tables.map(({ rows }) => rows.map(([name]) => name))).toEqual(Array(4).fill(['PreLN', 'PostLN', 'PreLN + PLD']));
    const page = text('dynamics', 'report.html');
    for (const title of ['Gradient norm against depth', 'Distance of a block’s input and output', 'Norm of what leaves the last block', 'Lesions:'])
      expect(page).toContain(title);
    expect(page).not.toMatch(/(src|href)="http/);

    rmSync(join(cwd, 'dynamics', 'pld'), { recursive: true });
    const kept = text('dynamics', 'postln', 'metrics.jsonl');
    const again = await study();
    expect(again.code).toBe(0);
    expect(objects(again.out).filter(({ text: told }) => /: 10 steps$/.test(String(told)))).toHaveLength(1);
    expect(text('dynamics', 'postln', 'metrics.jsonl')).toBe(kept);
    expect(existsSync(join(cwd, 'dynamics', 'pld', 'report.html'))).toBe(true);
    const other = await study('--steps', '12');
    expect({ code: other.code, err: other.err }).toEqual({
      code: 2,
      err: [expect.stringMatching(/\[HOOKLINE_STUDY\] dynamics\/preln was run with other settings/)],
    });
  }, 180_000);

  it('refuses a place that cannot be a directory', async () => {
    writeFileSync(join(cwd, 'file'), '');
    const { code, err } = await hookline(['study', 'dynamics', ...flags, '--out', 'file'], { cwd });
    expect({ code, err }).toEqual({ code: 2, err: [expect.stringMatching(/\[HOOKLINE_WRITE\] 'file\/?.*' cannot be a directory/)] });
  });
});
