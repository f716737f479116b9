import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookline, snapshot } from './run-hookline.js';
import { copyOf, makeWorkspace, removeWorkspace, small } from './workspace.js';

let workspace = '';
beforeAll(async () => {
  workspace = await makeWorkspace();
}, 120_000);
afterAll(() => removeWorkspace(workspace));

const checkpoints = (run: string): readonly string[] => (existsSync(join(run, 'checkpoints')) ? readdirSync(join(run, 'checkpoints')) : []);

describe('Ctrl-C', () => {
  it('once: finishes the step, saves a checkpoint, exit code 130, and the run can be resumed', async () => {
    const cwd = copyOf(workspace);
    let sent = false;
    const flags = ['--steps', '100000', '--checkpoint-every', '100000', '--evaluate-every', '100000', '--json', '--run', 'new'];
    const { code, err } = await hookline(['pretrain', ...small, ...flags], {
      cwd,
      onOutput: (child, out) => {
        if (sent || !out.includes('"event":"step","index":2')) return;
        sent = true;
        child.kill('SIGINT');
      },
    });
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(/^hookline: \[HOOKLINE_INTERRUPTED\] stopped after step \d+, with a checkpoint; go on with: hookline pretrain --resume new$/);
    expect(code).toBe(130);
    expect(checkpoints(join(cwd, 'new'))).toHaveLength(1);
    const inspected = await hookline(['inspect', join('new', 'checkpoints', checkpoints(join(cwd, 'new'))[0]!)], { cwd });
    expect(inspected.code).toBe(0);
    removeWorkspace(cwd);
  }, 120_000);

  it.each([
    ['pretrain', ['pretrain', ...small, '--budget', '10m', '--json', '--run', 'new'], /stopped before the first step; nothing was written$/],
    ['start', ['start', '--json', '--out', 'new'], /start was interrupted, no report was written; run it again$/],
  ])(
    'once, before training: %s ends without waiting for what it was about to do, and writes nothing',
    async (_, args, line) => {
      const cwd = copyOf(workspace);
      const before = snapshot(cwd);
      let sent = false;
      const { code, out, err } = await hookline(args, {
        cwd,
        onOutput: (child, out) => {
          if (sent || !out.includes('timing the first steps')) return;
          sent = true;
          child.kill('SIGINT');
        },
      });
      expect(code).toBe(130);
      expect(err).toEqual([expect.stringMatching(line)]);
      expect(out.trim()).toMatch(/"timing the first steps"}$/); // the last that was heard of it
      expect(snapshot(cwd)).toEqual(before);
      removeWorkspace(cwd);
    },
    120_000,
  );

  it('twice: ends at once, exit code 130', async () => {
    const cwd = copyOf(workspace);
    let sent = false;
    // Evaluating after each step takes long enough for two signals to come before the next turn of the event loop. Signals that come while the process
    // is not on a processor are one, so they are sent until it has ended.
    let again: NodeJS.Timeout | undefined;
    writeFileSync(join(cwd, 'run.yaml'), 'corpus: { source: corpus.txt, heldOut: 0.5 }\nvocabulary: { file: vocab.txt }\nbatchSize: 2\nsequenceLength: 32\n');
    const model = ['--layers', '3', '--hidden-size', '48', '--heads', '2', '--engine', 'cpu'];
    const flags = ['--config', 'run.yaml', ...model, '--steps', '1000', '--evaluate-every', '1', '--checkpoint-every', '1000', '--json', '--run', 'new'];
    const { code, err } = await hookline(['pretrain', ...flags], {
      cwd,
      onOutput: (child, out) => {
        if (sent || !out.includes('"event":"step","index":0')) return;
        sent = true;
        again = setInterval(() => child.kill('SIGINT'), 2);
      },
    });
    clearInterval(again);
    expect(code).toBe(130);
    expect(err).toEqual([]);
    expect(checkpoints(join(cwd, 'new')).filter((name) => name.startsWith('step-'))).toEqual([]);
    removeWorkspace(cwd);
  }, 120_000);
});
