import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookline, snapshot } from './run-hookline.js';
import { copyOf, makeWorkspace, removeWorkspace, small, smallModel } from './workspace.js';

let workspace = '';
beforeAll(async () => {
  workspace = await makeWorkspace();
}, 120_000);
afterAll(() => removeWorkspace(workspace));

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** The one line on stderr. */
  readonly line: RegExp;
  /** Spoils something in the copy of the workspace first. */
  readonly prepare?: (directory: string) => void;
}

const train = (...flags: string[]): string[] => ['pretrain', ...small, '--steps', '2', '--run', 'new', ...flags];
const config = (text: string) => ({
  args: ['pretrain', '--config', 'run.yaml', '--run', 'new'],
  prepare: (directory: string) => writeFileSync(join(directory, 'run.yaml'), text),
});
const checkpoint = (directory: string, file: string): string => join(directory, 'run', 'checkpoints', 'step-00000004', file);

const inputErrors: readonly Case[] = [
  {
    name: 'unknown key in the config',
    ...config('steps: 2\nbatchsize: 4\n'),
    line: /\[HOOKLINE_CONFIG\] run\.yaml:2: there is no option 'batchsize'; did you mean 'batchSize'\?$/,
  },
  {
    name: 'unknown key inside an object of the config',
    ...config('steps: 2\npld:\n  thetabar: 0.5\n'),
    line: /run\.yaml:3: there is no option 'pld\.thetabar'; did you mean 'thetaBar'\?$/,
  },
  {
    name: 'value out of range in the config',
    ...config('steps: 2\npld:\n  thetaBar: 1.5\n'),
    line: /\[HOOKLINE_CONFIG\] run\.yaml:3: option 'pld\.thetaBar': .*<=1.*\(is 1\.5\)$/,
  },
  {
    name: 'a word in the config where keys belong',
    ...config('steps: 2\ncorpus: sotu\n'),
    line: /run\.yaml:2: option 'corpus': expected object, received string \(is "sotu"\); its keys are source, documents, /,
  },
  { name: 'two methods in the config', ...config('steps: 2\npld: {}\nlayerDrop: {}\n'), line: /run\.yaml:3: option 'layerDrop': cannot be used beside pld/ },
  {
    name: 'value out of range in a flag',
    args: train('--batch-size', '0'),
    line: /\[HOOKLINE_USAGE\] option '--batch-size <n>' argument '0' is invalid\. It must be a whole number, at least 1/,
  },
  {
    name: 'a share out of range in a flag',
    args: train('--pld', '2'),
    line: /\[HOOKLINE_USAGE\] option '--pld \[theta-bar\]' argument '2' is invalid\. It must be a number from 0 to 1/,
  },
  { name: 'config that is not YAML', ...config('steps: [1, 2\nseed: 0\n'), line: /\[HOOKLINE_CONFIG\] run\.yaml:2:\d+: not YAML: .*; mend that line/ },
  { name: 'config that is a list', ...config('- steps\n'), line: /run\.yaml:1: the file holds a list, not keys with values/ },
  { name: 'config that is not there', args: ['pretrain', '--config', 'no.yaml'], line: /\[HOOKLINE_CONFIG\] there is no file 'no\.yaml'/ },
  {
    name: 'budget that is no time',
    ...config('budget: ten minutes\n'),
    line: /run\.yaml:1: option 'budget': must be seconds, or a duration such as 90s, 10m or 1\.5h \(is "ten minutes"\)$/,
  },
  { name: 'method option without a method', args: train('--scaling', 'block'), line: /\[HOOKLINE_CONFIG\] --scaling is given without a method; add --pld/ },
  { name: 'saving out of reach', args: train('--pld', '--match-saving', '0.99'), line: /\[HOOKLINE_SAVING\] matchSaving 0\.99 is out of reach/ },
  { name: 'missing corpus', args: [...train(), '--corpus', 'nowhere.txt'], line: /\[HOOKLINE_CORPUS\] .*nowhere\.txt/ },
  { name: 'empty corpus', args: [...train(), '--corpus', 'empty.txt'], line: /\[HOOKLINE_CORPUS\] .*empty\.txt/ },
  { name: 'corpus of blanks', args: [...train(), '--corpus', 'blank.txt'], line: /\[HOOKLINE_CORPUS\] .*blank\.txt/ },
  { name: 'corpus folder without files', args: [...train(), '--corpus', 'folder'], line: /\[HOOKLINE_CORPUS\] .*folder/ },
  { name: 'invalid UTF-8', args: [...train(), '--corpus', 'latin1.txt'], line: /\[HOOKLINE_UTF8\] .*latin1\.txt.*0xe9/ },
  { name: 'vocabulary without [MASK]', args: [...train(), '--vocabulary', 'no-mask.txt'], line: /\[HOOKLINE_VOCABULARY\] .*no-mask\.txt.*\[MASK\]/ },
  {
    name: 'engine asked for and not there',
    args: [...train(), '--engine', 'native'],
    line: /\[HOOKLINE_ENGINE_MISSING\] the native engine is not available: .*; .*wasm/,
  },
  {
    name: 'run directory not empty',
    args: ['pretrain', ...small, '--steps', '2', '--run', 'run'],
    line: /\[HOOKLINE_RUN_EXISTS\] the run directory 'run' is not empty; choose another --run, or go on with --resume run$/,
  },
  {
    name: 'run directory inside a file',
    args: ['pretrain', ...small, '--steps', '2', '--run', 'corpus.txt/run'],
    line: /\[HOOKLINE_WRITE\] 'corpus\.txt\/run' cannot be a directory: '.*corpus\.txt' is a file; choose another place$/,
  },
  {
    name: 'a second seed whose directory is taken',
    args: train('--seeds', '2'),
    prepare: (directory) => cpSync(join(directory, 'run'), join(directory, 'new', 'seed-1'), { recursive: true }),
    line: /\[HOOKLINE_RUN_EXISTS\] the run directory 'new\/seed-1' is not empty/,
  },
  { name: 'start into a file', args: ['start', '--out', 'corpus.txt'], line: /\[HOOKLINE_WRITE\] 'corpus\.txt' cannot be a directory: .* is a file/ },
  {
    name: 'comparison into a directory',
    args: ['compare', 'run', '--out', 'folder'],
    line: /\[HOOKLINE_WRITE\] 'folder' is a directory; give the path of a file$/,
  },
  {
    name: 'named checkpoint cut short',
    args: ['pretrain', '--resume', 'run/checkpoints/step-00000004'],
    prepare: (directory) => truncateSync(checkpoint(directory, 'model.safetensors'), 1000),
    line: /\[HOOKLINE_CHECKPOINT_DAMAGED\] .*step-00000004.*model\.safetensors has 1000 bytes instead of \d+/,
  },
  {
    name: 'named checkpoint with one byte changed',
    args: ['pretrain', '--resume', 'run/checkpoints/step-00000004'],
    prepare: (directory) => {
      const bytes = readFileSync(checkpoint(directory, 'model.safetensors'));
      bytes[bytes.length - 100]! ^= 1;
      writeFileSync(checkpoint(directory, 'model.safetensors'), bytes);
    },
    line: /\[HOOKLINE_CHECKPOINT_DAMAGED\] .*step-00000004.*model\.safetensors/,
  },
  {
    name: 'damaged checkpoint given to inspect',
    args: ['inspect', 'run/checkpoints/step-00000004'],
    prepare: (directory) => rmSync(checkpoint(directory, 'manifest.json')),
    line: /\[HOOKLINE_CHECKPOINT_DAMAGED\] .*manifest\.json is missing/,
  },
  {
    name: 'checkpoint of another model',
    args: ['pretrain', '--resume', 'run/checkpoints/step-00000004'],
    prepare: (directory) => {
      const path = join(directory, 'run', 'model.json');
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), hidden_size: 16 }));
    },
    line: /\[HOOKLINE_CHECKPOINT_[A-Z]+\] .*shape \[.*8.*\].*16/,
  },
  {
    name: 'checkpoint that is not there',
    args: ['pretrain', '--resume', 'run/checkpoints/step-00000005'],
    line: /\[HOOKLINE_CHECKPOINT_MISSING\] there is no checkpoint/,
  },
  { name: 'resume of no run', args: ['pretrain', '--resume', 'folder'], line: /\[HOOKLINE_RUN\] 'folder' holds no run/ },
  {
    name: 'resume under another setting',
    args: ['pretrain', '--resume', 'run', '--batch-size', '4'],
    line: /\[HOOKLINE_USAGE\] --batch-size cannot be given beside --resume/,
  },
  {
    name: 'resume into another directory',
    args: ['pretrain', '--resume', 'run', '--run', 'new'],
    line: /\[HOOKLINE_USAGE\] --run cannot be given beside --resume; a resumed run goes on as it began/,
  },
  { name: 'fill-mask without [MASK]', args: ['fill-mask', 'run', 'the state of the union'], line: /\[HOOKLINE_TEXT\] the text has no \[MASK\]/ },
  {
    name: 'fill-mask of a text longer than the rows',
    args: ['fill-mask', 'run', 'the [MASK] of the union is strong and free and strong'],
    line: /\[HOOKLINE_TEXT\] the text has \d+ tokens, the model has 8 positions/,
  },
  { name: 'compare with no run', args: ['compare', 'run', 'folder'], line: /\[HOOKLINE_RUN\] 'folder' holds no run/ },
  {
    name: 'benchmark on an engine that is not there',
    args: ['bench', 'cnn'],
    line: /\[HOOKLINE_ENGINE_MISSING\] the native engine is not available: .*; .*wasm/,
  },
  {
    name: 'benchmark of an engine that does not exist',
    args: ['bench', 'engines', '--engines', 'wasm,webgl'],
    line: /\[HOOKLINE_USAGE\] option '--engines <names>' argument 'wasm,webgl' is invalid\. It must be some of native, wasm, cpu/,
  },
  {
    name: 'memory limit that is no number',
    args: ['bench', 'memory', '--limit', '2GB'],
    line: /\[HOOKLINE_USAGE\] option '--limit <megabytes>' argument '2GB' is invalid/,
  },
  {
    name: 'memory limit beyond the machine',
    args: ['bench', 'memory', '--limit', '1e12'],
    line: /\[HOOKLINE_OPTIONS\] the limit of 1000000000000 MB is more than this machine has \(\d+ MB\)/,
  },
  {
    name: 'profile on an engine without graphs',
    args: ['bench', 'profile', '--engine', 'wasm'],
    line: /\[HOOKLINE_OPTIONS\] graphs can be timed on the native engine alone, not on wasm; use --engine native$/,
  },
  { name: 'unknown command', args: ['pretrian'], line: /\[HOOKLINE_USAGE\] unknown command 'pretrian'; did you mean 'pretrain'\?$/ },
  { name: 'unknown flag', args: ['start', '--minuts', '3'], line: /\[HOOKLINE_USAGE\] unknown option '--minuts'; did you mean '--minutes'\?$/ },
];

describe('input that is wrong', { timeout: 120_000 }, () => {
  it.concurrent.each(inputErrors)('$name: one line, exit code 2, nothing changed', async ({ args, prepare, line }) => {
    const cwd = copyOf(workspace);
    try {
      prepare?.(cwd);
      const before = snapshot(cwd);
      const { code, err } = await hookline(args, { cwd });
      expect(err).toHaveLength(1);
      expect(err[0]).toMatch(/^hookline: \[HOOKLINE_[A-Z0-9_]+\] /);
      expect(err[0]).toMatch(line);
      expect(code).toBe(2);
      expect(snapshot(cwd)).toEqual(before);
    } finally {
      removeWorkspace(cwd);
    }
  });
});

describe('failures while running', { timeout: 120_000 }, () => {
  const checkpoints = (directory: string) => snapshot(join(directory, 'run', 'checkpoints'));

  it.concurrent('disk full while saving: exit code 1, earlier checkpoints intact', async () => {
    const cwd = copyOf(workspace);
    for (const step of ['00000004', '00000006']) rmSync(join(cwd, 'run', 'checkpoints', `step-${step}`), { recursive: true });
    const before = checkpoints(cwd);
    const { code, err } = await hookline(['pretrain', '--resume', 'run'], { cwd, fileLimit: 16 });
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(/^hookline: \[HOOKLINE_DISK_FULL\] .*step-00000004.*; free some space and resume$/);
    expect(code).toBe(1);
    expect(checkpoints(cwd)).toEqual(before);
    const resumed = await hookline(['pretrain', '--resume', 'run'], { cwd });
    expect(resumed).toMatchObject({ code: 0, err: [] });
    removeWorkspace(cwd);
  });

  it.concurrent('NaN loss: exit code 1, earlier checkpoints intact', async () => {
    const cwd = copyOf(workspace);
    const flags = [
      '--steps',
      '6',
      '--checkpoint-every',
      '1',
      '--keep',
      '9',
      '--learning-rate',
      '1e30',
      '--rate-schedule',
      'constant',
      '--warmup',
      '2',
      '--run',
      'broken',
    ];
    const { code, err } = await hookline(['pretrain', ...small, ...flags], { cwd });
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(/^hookline: \[HOOKLINE_NOT_FINITE\] step \d: .* is (NaN|-?Infinity); lower the learning rate/);
    expect(code).toBe(1);
    const found = await hookline(['inspect', 'broken', '--json'], { cwd });
    const { checkpoints: kept } = JSON.parse(found.out) as { checkpoints: { step: number; damaged?: string }[] };
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((one) => one.damaged === undefined)).toBe(true);
    removeWorkspace(cwd);
  });
});

describe('input that only looks wrong', { timeout: 120_000 }, () => {
  it.concurrent('a document longer than any batch trains', async () => {
    const cwd = copyOf(workspace);
    const ended = await hookline([...train(), '--corpus', 'long.txt'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    removeWorkspace(cwd);
  });

  it.concurrent('a damaged latest checkpoint that nobody named is passed over with a warning', async () => {
    const cwd = copyOf(workspace);
    cpSync(join(cwd, 'run'), join(cwd, 'other'), { recursive: true });
    truncateSync(join(cwd, 'other', 'checkpoints', 'step-00000006', 'model.safetensors'), 10);
    const { code, out, err } = await hookline(['pretrain', '--resume', 'other'], { cwd });
    expect(code).toBe(0);
    expect(out).toContain('6 steps; held out');
    expect(err.join('\n')).toMatch(/passing over .*step-00000006/);
    removeWorkspace(cwd);
  });

  it.concurrent('flags go over the config file', async () => {
    const cwd = copyOf(workspace);
    writeFileSync(join(cwd, 'run.yaml'), 'corpus:\n  source: corpus.txt\nvocabulary:\n  file: vocab.txt\nlayerDrop:\n  p: 0.3\nsteps: 5\n');
    const { code, out } = await hookline(['pretrain', '--config', 'run.yaml', ...smallModel, '--pld', '0.7', '--steps', '3', '--dry-run', '--json'], { cwd });
    expect(code).toBe(0);
    const plan = JSON.parse(out) as { steps: number; plugins: string[] };
    expect(plan.steps).toBe(3);
    expect(plan.plugins).toContain('progressive-layer-dropping');
    expect(plan.plugins).not.toContain('layer-drop');
    removeWorkspace(cwd);
  });
});
