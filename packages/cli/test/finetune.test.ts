import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookline, snapshot } from './run-hookline.js';
import { copyOf, makeWorkspace, removeWorkspace } from './workspace.js';

const glue = join(import.meta.dirname, '..', '..', 'glue', 'test', 'fixtures', 'glue');
const small = ['--engine', 'cpu', '--epochs', '1', '--batch-size', '4'];
const own = ['--train', 'mine.tsv', '--dev', 'mine-dev.tsv', '--text', 'sentence', '--label', 'label'];
const tune = (...flags: string[]): string[] => ['finetune', '--checkpoint', 'run', ...small, '--run', 'new', ...flags];

let workspace = '';
const rows = (count: number): string =>
  Array.from({ length: count }, (_, i) => `the state of the union is ${i % 2 ? 'strong' : 'free'}\t${i % 2 ? 'yes' : 'no'}\n`).join('');

beforeAll(async () => {
  process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9'; // nobody listens there
  workspace = await makeWorkspace();
  writeFileSync(join(workspace, 'mine.tsv'), `sentence\tlabel\n${rows(10)}`);
  writeFileSync(join(workspace, 'mine-dev.tsv'), `sentence\tlabel\n${rows(5)}`);
  cpSync(glue, join(workspace, 'glue'), { recursive: true });
  for (const args of [
    ['finetune', '--checkpoint', 'run', ...small, ...own, '--seeds', '2', '--pld', '0.9', '--run', 'tuned'],
    ['finetune', '--checkpoint', 'run', ...small, '--task', 'rte', '--data', 'glue', '--run', 'rte'],
  ]) {
    const made = await hookline(args, { cwd: workspace });
    if (made.code !== 0) throw new Error(`fine-tuning failed: ${made.err.join('\n')}`);
  }
}, 180_000);
afterAll(() => removeWorkspace(workspace));

describe('fine-tuning through the binary', { timeout: 120_000 }, () => {
  it('leaves a run for each seed, replayable, and a report with every score', async () => {
    for (const file of ['config.json', 'task.json', 'model.json', 'metrics.jsonl', 'tokenizer/vocab.txt', 'checkpoints/step-00000003/model.safetensors']) {
      expect(existsSync(join(workspace, 'tuned', 'seed-1', file)), file).toBe(true);
    }
    expect(readFileSync(join(workspace, 'tuned', 'report.html'), 'utf8')).toContain('over 2 seeds');
    const again = await hookline(['finetune', '--config', 'tuned/seed-1/config.json', '--run', 'again'], { cwd: workspace });
    expect(again.code).toBe(0);
    const weights = (run: string) => snapshot(join(workspace, run, 'checkpoints', 'step-00000003'))['model.safetensors'];
    expect(weights('again')).toBe(weights('tuned/seed-1'));
  });

  it('goes on from an earlier checkpoint to the same bits, also where the weights that it began with are gone', async () => {
    cpSync(join(workspace, 'run'), join(workspace, 'origin'), { recursive: true });
    const long = ['finetune', '--checkpoint', 'origin', ...own, ...small, '--epochs', '2', '--pld', '0.9'];
    for (const run of ['whole', 'parts']) expect((await hookline([...long, '--run', run], { cwd: workspace })).code).toBe(0);
    const checkpoints = join(workspace, 'parts', 'checkpoints');
    const first = readdirSync(checkpoints).sort()[0]!;
    expect(first).toBe('step-00000003');
    rmSync(join(checkpoints, 'step-00000006'), { recursive: true });
    rmSync(join(workspace, 'origin'), { recursive: true });
    const { code, err } = await hookline(['finetune', '--resume', 'parts'], { cwd: workspace });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const weights = (run: string) => snapshot(join(workspace, run, 'checkpoints', 'step-00000006'))['model.safetensors'];
    expect(weights('parts')).toBe(weights('whole'));
  });

  it('goes on with several seeds: what is done stays, what was interrupted goes on, what had not begun begins', async () => {
    const run = join(workspace, 'seeds');
    cpSync(join(workspace, 'tuned'), run, { recursive: true });
    rmSync(join(run, 'seed-0', 'result.json'));
    rmSync(join(run, 'seed-0', 'checkpoints', 'step-00000003'), { recursive: true });
    rmSync(join(run, 'seed-1'), { recursive: true });
    const kept = statSync(join(workspace, 'tuned', 'seed-0', 'result.json')).mtimeMs;
    const whole = await hookline(['finetune', '--resume', 'tuned', '--json'], { cwd: workspace });
    const early = await hookline(['evaluate', '--run', 'seeds', '--engine', 'cpu'], { cwd: workspace });
    expect(early.err[0]).toBe('hookline: seeds/seed-0 has no checkpoint yet, and is left out; go on with: hookline finetune --resume seeds');
    const parts = await hookline(['finetune', '--resume', 'seeds', '--json'], { cwd: workspace });
    expect([whole.code, parts.code]).toEqual([0, 0]);
    expect(statSync(join(workspace, 'tuned', 'seed-0', 'result.json')).mtimeMs).toBe(kept);
    const scores = ({ out }: typeof whole) =>
      (JSON.parse(out.trim().split('\n').at(-1)!) as { seeds: readonly { metrics: unknown; steps: number }[] }).seeds.map(({ metrics, steps }) => [
        metrics,
        steps,
      ]);
    expect(scores(parts)).toEqual(scores(whole));
    const weights = (directory: string) => snapshot(join(workspace, directory, 'seed-1', 'checkpoints', 'step-00000003'))['model.safetensors'];
    expect(weights('seeds')).toBe(weights('tuned'));
  });

  it('interrupted among several seeds names the whole run, and no seed that is not done counts', async () => {
    let sent = false;
    const { code, err } = await hookline(
      ['finetune', '--checkpoint', 'run', ...small, ...own, '--epochs', '200', '--seeds', '2', '--json', '--evaluate-every', '1', '--run', 'stopped'],
      {
        cwd: workspace,
        onOutput: (child, out) => {
          if (sent || !out.includes('"event":"evaluation"')) return;
          sent = true;
          child.kill('SIGINT');
        },
      },
    );
    expect(code).toBe(130);
    expect(err.join('\n')).toMatch(/go on with: hookline finetune --resume stopped$/);
    expect(err.join('\n')).toMatch(/the checkpoint has no pooler: made anew, untrained: bert\.pooler\.dense\.weight/);
    const report = readFileSync(join(workspace, 'stopped', 'report.html'), 'utf8');
    expect(report).toContain('stopped before its end');
    expect(report).toMatch(/0, stopped after step \d+/);
  });

  it('MNLI is measured on both its sets, and predicted with AX', async () => {
    const mnli = ['finetune', '--checkpoint', 'run', ...small, '--task', 'mnli', '--data', 'glue', '--run', 'mnli', '--json'];
    const { code, out } = await hookline(mnli, { cwd: workspace });
    expect(code).toBe(0);
    const result = JSON.parse(out.trim().split('\n').at(-1)!) as { set: string; seeds: readonly { metrics: Record<string, Record<string, number>> }[] };
    expect([result.set, Object.keys(result.seeds[0]!.metrics)]).toEqual(['dev_matched', ['dev_matched', 'dev_mismatched']]);
    for (const split of ['test', 'ax']) {
      const made = await hookline(['predict', '--run', 'mnli', '--split', split, '--out', 'mnli-files', '--engine', 'cpu'], { cwd: workspace });
      expect(made.code).toBe(0);
    }
    expect(readdirSync(join(workspace, 'mnli-files')).sort()).toEqual(['AX.tsv', 'MNLI-m.tsv', 'MNLI-mm.tsv']);
    const checked = await hookline(['glue', 'check', 'mnli-files', '--partial'], { cwd: workspace });
    expect(checked.err.join('\n')).toMatch(/MNLI-m\.tsv: has 3 predictions instead of 9796/);
    expect(readFileSync(join(workspace, 'mnli-files', 'AX.tsv'), 'utf8')).toMatch(/^index\tprediction\n0\t(entailment|neutral|contradiction)\n/);
  });

  it('evaluate says what was measured at the end', async () => {
    const { out } = await hookline(['evaluate', '--run', 'tuned', '--engine', 'cpu', '--json'], { cwd: workspace });
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { directory: string; metrics: Record<string, number> });
    expect(found.map(({ directory }) => directory)).toEqual(['tuned/seed-0', 'tuned/seed-1']);
    const lines = readFileSync(join(workspace, 'tuned', 'seed-0', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const last = lines.map((line) => JSON.parse(line) as { event: string; metrics: Record<string, number> }).findLast(({ event }) => event === 'evaluation')!;
    expect(found[0]!.metrics['accuracy']).toBe(last.metrics['accuracy']);
    expect(found[0]!.metrics['loss']).toBeCloseTo(last.metrics['loss']!, 5);
  });

  it('inspect and compare take the runs of all seeds', async () => {
    const inspected = await hookline(['inspect', 'tuned'], { cwd: workspace });
    expect(inspected).toMatchObject({ code: 0, err: [] });
    expect(
      inspected.out.match(
        /^model +fine-tuned on .* \+ progressive layer dropping, L=2 H=8 A=2 V=22\nsteps +\d+ of \d+ in .*; held-out loss [\d.]+, score -?[\d.]+$/gm,
      ),
    ).toHaveLength(2);
    const compared = await hookline(['compare', 'tuned', '--out', 'compared.html', '--json'], { cwd: workspace });
    expect(compared).toMatchObject({ code: 0, err: [] });
    const { tables } = JSON.parse(compared.out) as { tables: readonly { columns: readonly string[]; rows: readonly (readonly string[])[] }[] };
    expect(tables[0]!.rows.map(([name]) => name)).toEqual(['seed-0', 'seed-1']);
    expect(tables[1]!.columns).toContain('Mean score');
    expect(tables[1]!.rows.map((row) => row[1])).toEqual(['0, 1']);
    const [table] = (
      JSON.parse(
        (await hookline(['compare', 'tuned/seed-0/checkpoints/step-00000003', 'tuned/seed-1', '--out', 'compared.html', '--json'], { cwd: workspace })).out,
      ) as { tables: typeof tables }
    ).tables;
    expect(table!.rows.map(([name]) => name)).toEqual(['seed-0', 'seed-1']); // a checkpoint stands for its run
  });

  it('predict writes what the server takes, and answers for a text', async () => {
    const made = await hookline(['predict', '--run', 'rte', '--split', 'test', '--out', 'submission', '--engine', 'cpu'], { cwd: workspace });
    expect(made.code).toBe(0);
    const [header, ...lines] = readFileSync(join(workspace, 'submission', 'RTE.tsv'), 'utf8')
      .trim()
      .split('\n');
    expect(header).toBe('index\tprediction');
    for (const [i, line] of lines.entries()) expect(line).toMatch(new RegExp(`^${i}\t(not_)?entailment$`));
    const one = await hookline(['predict', '--run', 'tuned', '--text', 'the state is strong', '--engine', 'cpu', '--json'], { cwd: workspace });
    const { prediction, probabilities } = JSON.parse(one.out) as { prediction: string; probabilities: Record<string, number> };
    expect(Object.keys(probabilities)).toEqual(['no', 'yes']);
    expect(probabilities[prediction]).toBe(Math.max(...Object.values(probabilities)));
  });

  it('predict says which rows are left out, and that the server will not take what is left', async () => {
    const cwd = copyOf(workspace);
    writeFileSync(join(cwd, 'glue', 'RTE', 'test.tsv'), 'index\tsentence1\tsentence2\n0\tthe law\tthe land\n1\tthe law\n2\tthe state\tthe law\n');
    const made = await hookline(['predict', '--run', 'rte', '--split', 'test', '--out', 'submission', '--engine', 'cpu'], { cwd });
    expect(made.code).toBe(0);
    expect(made.err).toEqual([
      expect.stringMatching(/^hookline: glue\/RTE\/test\.tsv.* 3/),
      'hookline: glue/RTE/test.tsv has 2 examples to predict, and RTE test has 3000: the server will not take RTE.tsv',
    ]);
    removeWorkspace(cwd);
  });

  it('predict writes a set of one’s own as CSV', async () => {
    const made = await hookline(['predict', '--run', 'tuned', '--split', 'dev', '--out', 'own-files', '--engine', 'cpu'], { cwd: workspace });
    expect({ code: made.code, err: made.err }).toEqual({ code: 0, err: [] });
    expect(readFileSync(join(workspace, 'own-files', 'dev.csv'), 'utf8')).toMatch(
      /^index,prediction\n0,(yes|no)\n1,(yes|no)\n2,(yes|no)\n3,(yes|no)\n4,(yes|no)\n$/,
    );
  });

  it('says what is known of dropping blocks of a PostLN model', async () => {
    const post = ['pretrain', '--corpus', 'corpus.txt', '--vocabulary', 'vocab.txt', '--layers', '1', '--hidden-size', '8', '--heads', '2', '--norm', 'post'];
    await hookline([...post, '--sequence-length', '8', '--steps', '1', '--engine', 'cpu', '--run', 'post'], { cwd: workspace });
    const made = await hookline(['finetune', '--checkpoint', 'post', ...small, ...own, '--pld', '0.9', '--run', 'post-tuned'], { cwd: workspace });
    expect(made.code).toBe(0);
    expect(made.err.join('\n')).toMatch(/the checkpoint is PostLN, and Progressive Layer Dropping was made for PreLN/);
  });
});

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: RegExp;
  readonly files?: Readonly<Record<string, string>>;
}

const inputErrors: readonly Case[] = [
  { name: 'a column that is not there', args: tune(...own, '--text', 'text'), line: /\[HOOKLINE_DATA\] mine\.tsv, line 1.*'text'/ },
  {
    name: 'a label that the training set has not',
    args: tune(...own),
    files: { 'mine-dev.tsv': 'sentence\tlabel\nthe law\tmaybe\n' },
    line: /\[HOOKLINE_DATA\] mine-dev\.tsv, line 2, column 2 \(label\): there is no label 'maybe'/,
  },
  {
    name: 'a row too short',
    args: tune(...own),
    files: { 'mine.tsv': 'sentence\tlabel\nthe law\tyes\nthe land\n' },
    line: /\[HOOKLINE_DATA\] mine\.tsv, line 3/,
  },
  { name: 'an empty file', args: tune(...own), files: { 'mine.tsv': '' }, line: /\[HOOKLINE_DATA\] mine\.tsv.*empty/ },
  {
    name: 'a wrong header in a GLUE file',
    args: tune('--task', 'rte', '--data', 'glue'),
    files: { 'glue/RTE/train.tsv': 'index\tpremise\tsentence2\tlabel\n' },
    line: /\[HOOKLINE_DATA\] glue\/RTE\/train\.tsv, line 1, column 2 \(sentence1\): the header has 'premise' here/,
  },
  {
    name: 'a score out of range',
    args: tune('--task', 'stsb', '--data', 'glue'),
    files: {
      'glue/STS-B/train.tsv':
        'index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n0\tg\tf\t1\t0\ts\ts\tthe law\tthe land\t5.5\n',
    },
    line: /\[HOOKLINE_DATA\] glue\/STS-B\/train\.tsv, line 2, column 10 \(score\): 5\.5 is out of range; labels are numbers from 0 to 5/,
  },
  { name: 'a task that is none', args: tune('--task', 'rtf', '--data', 'glue'), line: /\[HOOKLINE_TASK\] there is no GLUE task 'rtf'; did you mean 'rte'\?/ },
  { name: 'a data folder that is not there', args: tune('--task', 'rte', '--data', 'nowhere'), line: /\[HOOKLINE_DATA_MISSING\] .*nowhere/ },
  { name: 'no checkpoint', args: ['finetune', ...own, '--run', 'new'], line: /\[HOOKLINE_CONFIG\] finetune: option 'checkpoint'/ },
  { name: 'a checkpoint that is not there', args: tune(...own, '--checkpoint', './nowhere'), line: /\[HOOKLINE_PRETRAINED\] there is no '\.\/nowhere'/ },
  {
    name: 'more labels than the head has',
    args: tune('--task', 'mnli', '--data', 'glue', '--checkpoint', 'rte'),
    line: /\[HOOKLINE_LABELS\] the classifier of .* has 2 labels \(entailment, not_entailment\), the task 3 labels \(.*\); train a new classifier .*--new-head/,
  },
  {
    name: 'a name on the hub without a network',
    args: tune(...own, '--checkpoint', 'somebody/some-bert'),
    line: /\[HOOKLINE_HUB\] .*somebody\/some-bert/,
  },
  {
    name: 'an allowance that is none',
    args: tune(...own, '--allow', 'everything'),
    line: /\[HOOKLINE_CONFIG\] finetune: option 'allow/,
  },
  {
    name: 'sequences longer than the positions',
    args: tune(...own, '--max-length', '64'),
    line: /\[HOOKLINE_BERT_POSITIONS\] sequences of 64 tokens exceed the model's 8 positions/,
  },
  {
    name: 'a task and files of one’s own',
    args: tune(...own, '--task', 'rte'),
    line: /\[HOOKLINE_USAGE\] --train is for files of your own, and the task is rte; leave one of them out/,
  },
  {
    name: 'no development set',
    args: tune('--train', 'mine.tsv', '--text', 'sentence', '--label', 'label'),
    line: /\[HOOKLINE_USAGE\] --dev is missing; files of your own need --train, --dev, --text and --label/,
  },
  {
    name: 'texts to predict later that are not there',
    args: tune(...own, '--test', 'nowhere.tsv'),
    line: /\[HOOKLINE_DATA_MISSING\] there is no file nowhere\.tsv/,
  },
  {
    name: 'a metric of something else',
    args: tune(...own, '--metrics', 'pearson'),
    line: /\[HOOKLINE_OPTIONS\] labelled file: 'pearson' is no metric of 2 classes/,
  },
  {
    name: 'words for numbers',
    args: tune(...own, '--target', 'number'),
    line: /\[HOOKLINE_DATA\] mine\.tsv, line 2, column 2 \(label\): 'no' is no number/,
  },
  {
    name: 'what only the model refuses, with several seeds',
    args: tune(...own, '--seeds', '2', '--max-length', '64'),
    line: /\[HOOKLINE_BERT_POSITIONS\] sequences of 64 tokens/,
  },
  {
    name: 'classes that are named anew, for a run that goes on',
    args: ['finetune', '--resume', 'tuned/seed-0'],
    files: { 'mine.tsv': 'sentence\tlabel\nthe law\tyea\nthe land\tno\n', 'mine-dev.tsv': 'sentence\tlabel\nthe law\tno\n' },
    line: /\[HOOKLINE_RUN\] '.*tuned\/seed-0' was begun on single texts with 2 classes \(no, yes\), judged by accuracy, and its data is now single texts with 2 classes \(no, yea\), judged by accuracy; bring the data back/,
  },
  {
    name: 'a run directory in use',
    args: ['finetune', '--checkpoint', 'run', ...own, '--run', 'tuned'],
    line: /\[HOOKLINE_RUN_EXISTS\] the run directory 'tuned' is not empty/,
  },
  {
    name: 'a test set asked for its score',
    args: ['evaluate', '--run', 'rte', '--split', 'test'],
    line: /\[HOOKLINE_LABELS\] .*RTE\/test\.tsv has no labels .*it can be predicted, not scored/,
  },
  {
    name: 'a set that the task has not',
    args: ['evaluate', '--run', 'rte', '--split', 'dex'],
    line: /\[HOOKLINE_SPLIT\] RTE has no set 'dex'; did you mean 'dev'\?/,
  },
  { name: 'no run of finetune', args: ['evaluate', '--run', 'run'], line: /\[HOOKLINE_RUN\] 'run' holds no run of finetune/ },
  {
    name: 'a set of one’s own that the run was not given',
    args: ['predict', '--run', 'tuned', '--split', 'test', '--out', 'new'],
    line: /\[HOOKLINE_SPLIT\] the run was given no set 'test'/,
  },
  {
    name: 'a set that the server does not ask for',
    args: ['predict', '--run', 'rte', '--split', 'dev', '--out', 'new'],
    line: /\[HOOKLINE_SPLIT\] no predictions for RTE dev are submitted; the sets are: test/,
  },
  {
    name: 'predictions into a file',
    args: ['predict', '--run', 'rte', '--split', 'test', '--out', 'mine.tsv'],
    line: /\[HOOKLINE_WRITE\] 'mine\.tsv' cannot be a directory/,
  },
  {
    name: 'a folder for the prediction of a text',
    args: ['predict', '--run', 'tuned', '--text', 'the law', '--out', 'new'],
    line: /\[HOOKLINE_USAGE\] --out cannot be given beside --text/,
  },
  {
    name: 'another recipe for a run that goes on',
    args: ['finetune', '--resume', 'rte', '--epochs', '9'],
    line: /\[HOOKLINE_USAGE\] --epochs cannot be given beside --resume/,
  },
  { name: 'nothing to predict', args: ['predict', '--run', 'tuned'], line: /\[HOOKLINE_USAGE\] there is nothing to predict; give --split test/ },
  {
    name: 'one text of a pair',
    args: ['predict', '--run', 'rte', '--text', 'the law'],
    line: /\[HOOKLINE_TEXT\] the task rte takes 2 texts, and 1 is given; give the second one as --text2/,
  },
];

describe('bad input, through the binary: one line, exit code 2, nothing written', { timeout: 120_000 }, () => {
  it.each(inputErrors)('$name', async ({ args, line, files = {} }) => {
    const cwd = copyOf(workspace);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
    const before = snapshot(cwd);
    const { code, out, err } = await hookline(args, { cwd });
    expect(err.join('\n')).toMatch(line);
    expect({ code, out, lines: err.length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(snapshot(cwd)).toEqual(before);
    removeWorkspace(cwd);
  });
});
