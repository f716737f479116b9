import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { HooklineError } from '../errors.js';
import { during } from '../hooks/during.js';
import { Clock } from '../services.js';
import type { News } from '../trainer-types.js';
import type { Scalars } from '../values.js';
import { writeError } from './durable-files.js';
import { eventRecords, record, scalarsEvent, textEvent, versionEvent } from './event-file.js';

/** How our files end: those of others in the same folder are left alone. */
const ending = '.hookline';

/** TensorBoard reads the files of a folder in the order of their names: by the second in which they began, then by the step. */
const fileName = (seconds: number, step: number): string =>
  `events.out.tfevents.${String(Math.floor(seconds)).padStart(10, '0')}.${String(step).padStart(8, '0')}${ending}`;

/** Takes out of a folder what was written after a step: files are cut at the first later event, and go where nothing but their version is left. */
function cutBack(folder: string, step: number): void {
  const own = readdirSync(folder).filter((name) => name.startsWith('events.out.tfevents.') && name.endsWith(ending));
  for (const path of own.map((name) => join(folder, name))) {
    let [kept, length] = [0, 0];
    const bytes = readFileSync(path);
    for (const event of eventRecords(bytes)) {
      if (event.step > step) break;
      kept += 1;
      length = event.end;
    }
    if (kept <= 1 || step === 0) rmSync(path);
    else if (length < bytes.length) truncateSync(path, length);
  }
}

/** The scalars of a step, by tag: parts of the loss, the extra scalars of plugins and of blocks each in a group of their own. */
export function stepScalars({ loss, losses, gradientNorm, learningRate, activeBlocks, seconds, report }: News['step']): Scalars {
  const own = { 'train/loss': loss, 'train/gradientNorm': gradientNorm, 'train/learningRate': learningRate, 'train/activeBlocks': activeBlocks };
  const parts = Object.entries(losses).map(([name, value]) => [`train/loss.${name}`, value]);
  return { ...own, 'train/seconds': seconds, ...Object.fromEntries([...parts, ...grouped('report', report)]) };
}

/** `distance.encoder.3` under `distance/encoder.3`, so that TensorBoard shows the blocks of a figure together; `theta` under `report/theta`. */
const grouped = (group: string, scalars: Scalars): readonly (readonly [string, number])[] =>
  Object.entries(scalars).map(([name, value]) => [name.includes('.') ? name.replace('.', '/') : `${group}/${name}`, value]);

/** The metrics of an evaluation, by tag: `eval/SET/metric`; a set may be called `train`, as the group of the steps is. */
export const evaluationScalars = ({ set, metrics }: News['evaluation']): Scalars =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval/${set}/${name}`, value]));

/**
 * Writes event files for TensorBoard into `tensorboard/` of the run directory: every step's losses, gradient norm, learning rate, active blocks and extra scalars,
 * every evaluation's metrics, all under the number of completed steps; texts of the options (a configuration, say) at the beginning.
 *
 * A resumed run cuts what lies after its checkpoint out of the folder and goes on in a new file, so that no step is there twice. A run from the start takes
 * away what an earlier one left. Files are named `events.out.tfevents.SECONDS.STEP.hookline`; others in the folder are left alone.
 *
 * An event that cannot be written ends the run at the next step.
 */
export const tensorBoard = definePlugin({
  name: 'tensor-board',
  options: z.strictObject({
    /** Default: `tensorboard` in the run directory. */
    folder: z.string().min(1).exactOptional(),
    /** Texts to show, by tag: Markdown. */
    texts: z.record(z.string(), z.string()).default({}),
  }),
  hooks: ({ folder, texts }, run) => {
    const into = folder ?? (run.directory === undefined ? undefined : join(run.directory, 'tensorboard'));
    if (into === undefined) {
      throw new HooklineError('HOOKLINE_OPTIONS', "plugin 'tensor-board' has nowhere to write", { hint: 'give it a folder, or the trainer a run directory' });
    }
    const clock = run.service(Clock);
    const seconds = (): number => clock.now() / 1000;
    const file = join(into, fileName(seconds(), run.resumedAt));
    let failure: unknown;
    const writing = (write: () => void): void => {
      try {
        write();
      } catch (cause) {
        failure = writeError('event file', file, cause);
        throw failure;
      }
    };
    const append = (...events: readonly Uint8Array[]): void => {
      if (failure === undefined) writing(() => appendFileSync(file, Buffer.concat(events.map(record))));
    };

    writing(() => {
      mkdirSync(into, { recursive: true });
      cutBack(into, run.resumedAt);
      writeFileSync(file, record(versionEvent(seconds())), { flag: 'wx' });
    });
    if (run.resumedAt === 0) append(...Object.entries(texts).map(([tag, text]) => textEvent({ time: seconds(), step: 0 }, tag, text)));
    run.on('step', (news) => append(scalarsEvent({ time: seconds(), step: news.index + 1 }, stepScalars(news))));
    run.on('evaluation', (news) => append(scalarsEvent({ time: seconds(), step: news.step }, evaluationScalars(news))));
    return {
      onStep: during('begin', (step) => {
        if (failure !== undefined) throw failure;
        return step;
      }),
    };
  },
});
