import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { Clock } from '../services.js';
import { evaluationLine, type Progress, plainLine, terminalLine } from './progress-line.js';

/** Where progress is written: a terminal, or anything that takes text. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shortest time between two redraws of a terminal's line, in seconds. */
const redraw = 0.1;

/** The rate is that of the latest so many steps. */
const window = 50;

/** Erases the line, cursor to its beginning. */
const clear = '\r\x1b[K';

const isStream = (value: unknown): value is ProgressStream => typeof (value as ProgressStream | undefined)?.write === 'function';

/** Steps a second over the times at which the latest steps ended, the oldest first; undefined for fewer than two. */
export function rateOf(times: readonly number[]): number | undefined {
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined || last <= first ? undefined : (times.length - 1) / (last - first);
}

/**
 * Shows how far a run is: a bar, steps, steps a second, time left, loss, extra scalars (`show`, by default theta) and active blocks.
 * On a terminal one line is redrawn; elsewhere a plain line is written every `interval` seconds. Each evaluation has a line of its own.
 */
export const consoleProgress = definePlugin({
  name: 'console-progress',
  options: z.strictObject({
    /** Default: standard error. */
    stream: z.custom<ProgressStream>(isStream, 'must have a write method').exactOptional(),
    /** Seconds between two plain lines; default 5. */
    interval: z.number().nonnegative().default(5),
    show: z.array(z.string()).default(['theta']),
  }),
  hooks: ({ stream, interval, show }, run) => {
    const out: ProgressStream = stream ?? process.stderr;
    const clock = run.service(Clock);
    const terminal = out.isTTY === true;
    const times: number[] = [clock.seconds()];
    let shownAt = Number.NEGATIVE_INFINITY;
    let latest: Progress | undefined;
    let pending = false;

    const draw = (progress: Progress): void => {
      out.write(terminal ? clear + terminalLine(progress, out.columns ?? 80) : `${plainLine(progress)}\n`);
      shownAt = clock.seconds();
      pending = false;
    };
    run.on('step', (news) => {
      times.push(clock.seconds());
      if (times.length > window + 1) times.shift();
      latest = { news, rate: rateOf(times), show };
      pending = true;
      if (clock.seconds() - shownAt >= (terminal ? redraw : interval)) draw(latest);
    });
    run.on('evaluation', ({ step, set, metrics }) => {
      out.write(`${terminal ? clear : ''}${evaluationLine(step, set, metrics)}\n`);
      if (terminal && latest) draw(latest);
    });
    run.on('end', () => {
      if (latest && pending) draw(latest);
      if (latest && terminal) out.write('\n');
    });
    return {};
  },
});
