import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPretrained } from '@hookline/bert/node';
import { decodeSafetensors, encodeSafetensors } from '@hookline/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookline, snapshot } from './run-hookline.js';
import { copyOf, makeWorkspace, removeWorkspace, small } from './workspace.js';

let cwd = '';
beforeAll(async () => {
  process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9'; // nobody listens there
  cwd = await makeWorkspace();
  writeFileSync(
    join(cwd, 'pairs.txt'),
    Array(6)
      .fill(readFileSync(join(cwd, 'corpus.txt'), 'utf8'))
      .join('\n\n'),
  );
  const averaged = await hookline(
    ['pretrain', ...small, '--corpus', 'pairs.txt', '--norm', 'post', '--objective', 'mlm,nsp', '--ema', '0.5', '--steps', '3', '--run', 'post'],
    { cwd },
  );
  for (const run of ['run', 'post']) await hookline(['export', run, '--out', `${run}-exported`], { cwd });
  if (averaged.code !== 0) throw new Error(averaged.err.join('\n'));
}, 120_000);
afterAll(() => removeWorkspace(cwd));

const short = ['--corpus', 'corpus.txt', '--sequence-length', '8', '--batch-size', '2', '--steps', '2', '--engine', 'cpu'];
const checkpoint = (run: string, step: string) =>
  decodeSafetensors(readFileSync(join(cwd, run, 'checkpoints', `step-${step.padStart(8, '0')}`, 'model.safetensors'))).tensors;

describe('weights in and out', { timeout: 120_000 }, () => {
  it('a run is exported with the numbers of its checkpoint', async () => {
    const { config, tensors } = await readPretrained(join(cwd, 'run-exported'));
    expect(config).toMatchObject({ norm: 'pre', numHiddenLayers: 2, hiddenSize: 8, vocabSize: 22, maxPositionEmbeddings: 8 });
    const saved = checkpoint('run', '6');
    expect(Object.keys(tensors).length).toBeGreaterThan(30);
    for (const [name, { data }] of Object.entries(tensors)) expect(data, name).toEqual(saved[`weights/${name}`]!.data);
    expect(JSON.parse(readFileSync(join(cwd, 'run-exported', 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'roberta-prelayernorm',
      architectures: ['RobertaPreLayerNormForMaskedLM'],
      max_position_embeddings: 9,
    });
  });

  it('averaged weights are exported, or the trained ones if asked for', async () => {
    const ended = await hookline(['export', 'post/checkpoints/step-00000003', '--slot', 'trained', '--out', 'trained', '--json'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(JSON.parse(ended.out)).toMatchObject({ head: 'pretraining', norm: 'post', leftOut: [] });
    const saved = checkpoint('post', '3');
    const [averaged, trained] = [await readPretrained(join(cwd, 'post-exported')), await readPretrained(join(cwd, 'trained'))];
    const name = 'bert.encoder.layer.0.intermediate.dense.weight';
    expect(averaged.tensors[name]!.data).toEqual(saved[`slot:ema/${name}`]!.data);
    expect(trained.tensors[name]!.data).toEqual(saved[`weights/${name}`]!.data);
    expect(trained.heads).toMatchObject({ mlm: true, nsp: true });
  });

  it('fill-mask guesses the same by a run and by its export', async () => {
    const text = ['the [MASK] of the union', '--json', '--engine', 'cpu'];
    const [run, exported] = await Promise.all(['run', 'run-exported'].map((model) => hookline(['fill-mask', model, ...text], { cwd })));
    expect(exported).toMatchObject({ code: 0, err: [] });
    expect(exported!.out).toBe(run!.out);
  });

  it('pretrain goes on from a run and from its export to the same weights, bit for bit, and its configuration replays', async () => {
    const ended = await hookline(['pretrain', '--checkpoint', 'run', ...short, '--run', 'from-run'], { cwd });
    expect(ended).toMatchObject({ code: 0, err: [] });
    await hookline(['pretrain', '--checkpoint', 'run-exported', ...short, '--run', 'from-export'], { cwd });
    await hookline(['pretrain', '--config', 'from-run/config.json', '--run', 'replayed'], { cwd });
    const [fromRun, fromExport, replayed] = ['from-run', 'from-export', 'replayed'].map((run) => checkpoint(run, '2'));
    expect(fromExport).toEqual(fromRun);
    expect(replayed).toEqual(fromRun);
    const before = checkpoint('run', '6');
    const name = 'weights/bert.embeddings.position_embeddings.weight';
    const moved = fromRun![name]!.data.map((value, i) => Math.abs(value - before[name]!.data[i]!));
    expect(Math.max(...moved)).toBeGreaterThan(0);
    expect(Math.max(...moved)).toBeLessThan(3e-4); // two steps of at most 1e-4
    const resumed = await hookline(['pretrain', '--resume', 'from-run/checkpoints/step-00000001'], { cwd });
    expect(resumed).toMatchObject({ code: 0, err: [] });
    expect(checkpoint('from-run', '2')).toEqual(fromRun);
    const { config } = await readPretrained(join(cwd, 'from-run'));
    expect(config).toMatchObject({ norm: 'pre', vocabSize: 22, hiddenDropoutProb: 0 });
  });

  it('a head that a checkpoint lacks is made anew, in a line that says so', async () => {
    const ended = await hookline(
      ['pretrain', '--checkpoint', 'run-exported', '--objective', 'mlm,nsp', '--dropout', '0.2', ...short, '--corpus', 'pairs.txt', '--run', 'with-pairs'],
      {
        cwd,
      },
    );
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(ended.out).toMatch(/run-exported: made anew, untrained: roberta_prelayernorm\.pooler\.dense\.weight, .*cls\.seq_relationship\.bias\n/);
    const exported = await hookline(['export', 'with-pairs', '--out', 'without-pairs'], { cwd });
    expect(exported.code).toBe(0);
    expect(exported.err.join()).toMatch(/left out, for a model of this kind has no place for it: bert\.pooler\.dense\.weight, .*cls\.seq_relationship\.bias/);
    expect((await readPretrained(join(cwd, 'without-pairs'))).config.hiddenDropoutProb).toBe(0.2);
  });
});

describe('weights that are wrong', { timeout: 120_000 }, () => {
  const edit = (directory: string, file: string, change: (json: Record<string, unknown>) => object): void => {
    const path = join(directory, 'run-exported', file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>)));
  };
  const tensors = (directory: string, change: (all: Record<string, { shape: readonly number[]; data: Float32Array }>) => object): void => {
    const path = join(directory, 'run-exported', 'model.safetensors');
    const all = decodeSafetensors(readFileSync(path)).tensors as Record<string, { shape: readonly number[]; data: Float32Array }>;
    writeFileSync(path, encodeSafetensors(change(all) as typeof all));
  };
  const from = (...flags: string[]): string[] => ['pretrain', '--checkpoint', 'run-exported', ...short, '--run', 'new', ...flags];
  const cases: readonly { name: string; args?: readonly string[]; prepare?: (directory: string) => void; line: RegExp }[] = [
    {
      name: 'another shape',
      prepare: (directory) => edit(directory, 'config.json', (json) => ({ ...json, intermediate_size: 16 })),
      line: /\[HOOKLINE_BERT_WEIGHTS\] the tensors of run-exported .*of another shape: \S+layer\.0\.intermediate\.dense\.weight \[32, 8\] where the model needs \[16, 8\], .*layer\.1\.output\.dense\.weight/,
    },
    {
      name: 'tensors missing and surplus',
      prepare: (directory) =>
        tensors(directory, ({ 'roberta_prelayernorm.LayerNorm.weight': weight, 'roberta_prelayernorm.LayerNorm.bias': bias, ...rest }) => ({
          ...rest,
          'adapter.weight': weight,
          'adapter.bias': bias,
        })),
      line: /missing: roberta_prelayernorm\.LayerNorm\.weight, roberta_prelayernorm\.LayerNorm\.bias; surplus: adapter\.bias, adapter\.weight; use .*or allow it/,
    },
    {
      name: 'vocabulary of another size',
      args: from('--vocabulary', 'no-mask.txt'),
      prepare: (directory) => writeFileSync(join(directory, 'no-mask.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n'),
      line: /\[HOOKLINE_VOCABULARY\] the vocabulary of no-mask\.txt has 6 tokens, the model 22 word embeddings/,
    },
    {
      name: 'sequence longer than the positions',
      args: from('--sequence-length', '16'),
      line: /\[HOOKLINE_BERT_POSITIONS\] run-exported has 8 positions, 16 are asked for/,
    },
    {
      name: 'a shape beside the checkpoint',
      args: from('--layers', '4'),
      line: /\[HOOKLINE_CONFIG\] pretrain: option 'model\.numHiddenLayers': cannot be given beside checkpoint/,
    },
    { name: 'an allowance that is none', args: from('--allow', 'surplus,misshapen'), line: /\[HOOKLINE_CONFIG\] pretrain: option 'checkpoint\.allow\[1\]'/ },
    {
      name: 'weights of PyTorch',
      args: ['pretrain', '--checkpoint', 'folder', ...short, '--run', 'new'],
      prepare: (directory) => {
        writeFileSync(join(directory, 'folder', 'config.json'), readFileSync(join(directory, 'run-exported', 'config.json')));
        writeFileSync(join(directory, 'folder', 'pytorch_model.bin'), '');
      },
      line: /\[HOOKLINE_PRETRAINED\] folder holds pytorch_model\.bin, and no model\.safetensors; convert it .*save_file/,
    },
    {
      name: 'another kind of model',
      prepare: (directory) => edit(directory, 'config.json', (json) => ({ ...json, model_type: 'gpt2' })),
      line: /\[HOOKLINE_BERT_CONFIG\] run-exported\/config\.json: option 'model_type': only 'bert'/,
    },
    {
      name: 'a name on the hub without a network',
      args: ['pretrain', '--checkpoint', 'somebody/some-bert', ...short, '--run', 'new'],
      line: /\[HOOKLINE_HUB\] there is no 'somebody\/some-bert' here, and http:\/\/127\.0\.0\.1:9 cannot be reached to look for a model of that name; check path and network/,
    },
    {
      name: 'a path that leads nowhere',
      args: ['fill-mask', './nowhere', 'the [MASK]'],
      line: /\[HOOKLINE_PRETRAINED\] there is no '\.\/nowhere'; give a folder as transformers saves it/,
    },
    {
      name: 'a slot that the run has not',
      args: ['export', 'run', '--slot', 'ema', '--out', 'new'],
      line: /\[HOOKLINE_BERT_WEIGHTS\] the checkpoint holds no tensors 'slot:ema/,
    },
    { name: 'an export over something', args: ['export', 'run', '--out', 'run-exported'], line: /\[HOOKLINE_OUTPUT_EXISTS\] 'run-exported' is there already/ },
    {
      name: 'an export of nothing',
      args: ['export', 'folder', '--out', 'new'],
      line: /\[HOOKLINE_PRETRAINED\] folder\/config\.json cannot be read \(ENOENT\)/,
    },
  ];

  it.concurrent.each(cases)('$name: one line, exit code 2, nothing changed', async ({ args = from(), prepare, line }) => {
    const copy = copyOf(cwd);
    try {
      prepare?.(copy);
      const before = snapshot(copy);
      const { code, err } = await hookline(args, { cwd: copy });
      expect(err).toHaveLength(1);
      expect(err[0]).toMatch(line);
      expect(code).toBe(2);
      expect(snapshot(copy)).toEqual(before);
    } finally {
      removeWorkspace(copy);
    }
  });

  it('what is surplus may be allowed', async () => {
    const copy = copyOf(cwd);
    tensors(copy, (all) => ({ ...all, adapter: { shape: [1], data: Float32Array.of(1) } }));
    const ended = await hookline(from('--allow', 'surplus'), { cwd: copy });
    expect(ended).toMatchObject({ code: 0, err: [] });
    expect(ended.out).toContain('run-exported: left out: adapter\n');
    expect(readdirSync(join(copy, 'new'))).toContain('model.json');
    removeWorkspace(copy);
  });
});
