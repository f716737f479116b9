import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetuneJsonSchema, pretrainJsonSchema } from '@hookline/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../src/commands/index.js';
import { createProgram } from '../src/program.js';
import { hookline, snapshot } from './run-hookline.js';
import { makeWorkspace, removeWorkspace, small } from './workspace.js';

let cwd = '';
beforeAll(async () => {
  cwd = await makeWorkspace();
}, 120_000);
afterAll(() => removeWorkspace(cwd));

const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const weights = (run: string): string => snapshot(join(cwd, run, 'checkpoints', 'step-00000006'))['model.safetensors']!;

describe('help', () => {
  const program = createProgram({ out: () => undefined, err: () => undefined, interactive: false }, commands);
  const all = program.commands.flatMap((command) => [command, ...command.commands]).filter((command) => command.commands.length === 0);

  const fullName = (command: (typeof all)[number]): string => (command.parent === program ? command.name() : `${command.parent?.name()} ${command.name()}`);

  it('knows the commands', () => {
    expect(all.map(fullName)).toEqual([
      'start',
      'pretrain',
      'finetune',
      'evaluate',
      'predict',
      'study stability',
      'study dynamics',
      'study lesion',
      'compare',
      'inspect',
      'fill-mask',
      'export',
      'data glue',
      'glue check',
      'bench step',
      'bench saving',
      'bench memory',
      'bench hooks',
      'bench engines',
      'bench cnn',
      'bench layers',
      'bench profile',
      'bench recompute',
      'bench finetune',
      'engines install',
      'engines remove',
      'schema',
    ]);
  });

  it.each(all.map((command) => [fullName(command), command] as const))(
    '%s has an example, and says of every flag what it is and its default or unit',
    (_, command) => {
      let help = '';
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      expect(help).toMatch(/Examples?:\n {2}hookline /);
      for (const option of command.options) expect(option.description.length, option.flags).toBeGreaterThan(8);
    },
  );
});

// made anew by: hookline schema > packages/cli/hookline.schema.json, and hookline schema finetune > packages/cli/hookline.finetune.schema.json
it.each([
  ['hookline.schema.json', pretrainJsonSchema],
  ['hookline.finetune.schema.json', finetuneJsonSchema],
] as const)('the shipped %s is that of the configuration', (file, schema) => {
  const shipped = JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8')) as unknown;
  expect(shipped).toEqual(JSON.parse(JSON.stringify(schema())));
});

describe('the commands on a run', { timeout: 120_000 }, () => {
  it('pretrain leaves a complete configuration, metrics, tokenizer, checkpoints and a report', () => {
    for (const file of ['config.json', 'metrics.jsonl', 'report.html', 'tokenizer/vocab.txt', 'checkpoints/step-00000006/model.safetensors']) {
      expect(existsSync(join(cwd, 'run', file)), file).toBe(true);
    }
    const config = JSON.parse(readFileSync(join(cwd, 'run', 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({
      steps: 6,
      batchSize: 2,
      sequenceLength: 8,
      seed: 0,
      optimizer: 'adamw',
      clip: 1,
      pld: { thetaBar: 0.5, dropped: 'skip' },
      engine: 'cpu',
    });
    expect(readFileSync(join(cwd, 'run', 'report.html'), 'utf8')).toContain('Held-out loss');
  });

  it('RUN/config.json trains the same weights again, bit for bit', async () => {
    const ended = await hookline(['pretrain', '--config', 'run/config.json', '--run', 'again'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(weights('again')).toBe(weights('run'));
  });

  it('a resume from an earlier checkpoint ends in the same weights, bit for bit', async () => {
    const ended = await hookline(['pretrain', '--resume', 'again/checkpoints/step-00000004', '--json'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(jsonLines(ended.out).filter((line) => line['event'] === 'step')).toHaveLength(2);
    expect(weights('again')).toBe(weights('run'));
  });

  it('a budget becomes a number of steps in the configuration', async () => {
    const ended = await hookline(['pretrain', ...small, '--budget', '1s', '--run', 'budget', '--json'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    const config = JSON.parse(readFileSync(join(cwd, 'budget', 'config.json'), 'utf8')) as { steps: number; budget?: number };
    expect(config.steps).toBeGreaterThanOrEqual(1);
    expect(config.budget).toBeUndefined();
    expect(jsonLines(ended.out).at(-1)).toMatchObject({ event: 'result', steps: config.steps });
  });

  it('seeds are trained one after the other and compared', async () => {
    const ended = await hookline(['pretrain', ...small, '--steps', '3', '--seeds', '2', '--run', 'seeds'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(ended.out).toMatch(/Over seeds\nModel +Seeds +Mean held-out loss +Standard deviation +A step\n/);
    expect(existsSync(join(cwd, 'seeds', 'seed-1', 'config.json'))).toBe(true);
    const report = readFileSync(join(cwd, 'seeds', 'report.html'), 'utf8');
    expect(report).toContain('Loss at equal tokens');
    expect(report).toMatch(/<h1>Held-out loss [\d.]+ over 2 seeds, standard deviation [\d.]+</);
  });

  it('compare puts runs side by side at equal steps, tokens and time', async () => {
    const ended = await hookline(['compare', 'run', 'seeds/seed-0', '--out', 'cmp.html', '--json'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    const [line] = jsonLines(ended.out) as [{ tables: { columns: string[]; rows: string[][] }[] }];
    expect(line.tables[0]!.columns.slice(0, 5)).toEqual([
      'Run',
      'Model',
      'Held-out loss at 3 steps',
      'Held-out loss at 48 tokens',
      expect.stringMatching(/^Held-out loss at [\d.]+ s of training$/),
    ]);
    expect(line.tables[0]!.rows.map((row) => row[0])).toEqual(['run', 'seed-0']);
  });

  it('inspect tells of a run and of a checkpoint', async () => {
    const run = await hookline(['inspect', 'run'], { cwd });
    expect(run.out).toMatch(/model +PreLN \+ progressive layer dropping, L=2 H=8 A=2 V=22\nsteps +6 of 6/);
    const checkpoint = await hookline(['inspect', 'run/checkpoints/step-00000004', '--json'], { cwd });
    expect(jsonLines(checkpoint.out)[0]).toMatchObject({ kind: 'checkpoint', step: 4, position: 4 });
  });

  it('fill-mask guesses, with probabilities that sum to 1 over the vocabulary', async () => {
    const ended = await hookline(['fill-mask', 'run', 'the [MASK] of the union', '--top', '22', '--json', '--engine', 'cpu'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    const [{ guesses }] = jsonLines(ended.out) as [{ guesses: { token: string; probability: number; text: string }[] }];
    expect(guesses).toHaveLength(22);
    expect(guesses.reduce((sum, guess) => sum + guess.probability, 0)).toBeCloseTo(1, 5);
    expect(guesses.find((guess) => guess.token === 'state')!.text).toBe('the state of the union');
  });

  it('a dry run writes nothing', async () => {
    const before = snapshot(cwd);
    const ended = await hookline(['pretrain', ...small, '--steps', '100', '--pld', '--run', 'dry', '--dry-run'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(ended.out).toMatch(/parameters +\d.*\n.*steps +100.*\n.*\nsaving +progressive layer dropping: 3\d\.\d % of the block runs/);
    expect(snapshot(cwd)).toEqual(before);
  });

  it('a dry run names the seeds', async () => {
    const ended = await hookline(['pretrain', ...small, '--seed', '3', '--seeds', '2', '--dry-run'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(ended.out).toMatch(/^seeds +3, 4: 2 such runs, one after the other$/m);
  });

  it('engines are listed with what works here', async () => {
    const ended = await hookline(['engines', '--json'], { cwd });
    expect(jsonLines(ended.out).map(({ name }) => name)).toEqual(['native', 'wasm', 'cpu']);
    expect(jsonLines(ended.out)[2]).toMatchObject({ name: 'cpu', available: true });
  });
});
