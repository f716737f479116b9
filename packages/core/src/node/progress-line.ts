import type { StepNews } from '../trainer-types.js';

/** What the progress shows. */
export interface Progress {
  readonly news: StepNews;
  /** Steps a second; undefined before it is known. */
  readonly rate: number | undefined;
  /** Names of extra scalars to show, where a step has them. */
  readonly show: readonly string[];
}

/** Seconds as `0:07`, `12:34` or `1:02:03`, rounded up. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A number in at most so many significant digits: 4.123, 0.0005, 1.2e-7. */
const short = (value: number, digits = 4): string => String(Number(value.toPrecision(digits)));

/** `[=====>    ]`, of `width` characters inside. */
export function formatBar(fraction: number, width: number): string {
  const done = Math.min(width, Math.floor(fraction * width));
  const head = done < width && done > 0 ? '>' : '';
  return `[${'='.repeat(done - head.length)}${head}${' '.repeat(width - done)}]`;
}

/** The parts of a progress line behind the bar: step, rate, time left, loss, extra scalars, active blocks. */
export function progressParts({ news, rate, show }: Progress): readonly string[] {
  const completed = news.index + 1;
  const speed = rate === undefined || !(rate > 0) ? [] : [`${short(rate, 3)} steps/s`, `${formatDuration((news.total - completed) / rate)} left`];
  const extra = show.flatMap((name) => (news.report[name] === undefined ? [] : [`${name} ${short(news.report[name], 3)}`]));
  return [`${completed}/${news.total}`, ...speed, `loss ${short(news.loss)}`, ...extra, `blocks ${news.activeBlocks}/${news.active.length}`];
}

/** One line for a terminal of so many columns: a bar, then as many parts as fit. */
export function terminalLine(progress: Progress, columns: number): string {
  const room = columns - 1; // a full line would wrap
  const fraction = (progress.news.index + 1) / progress.news.total;
  const bar = room >= 60 ? [formatBar(fraction, 20)] : [];
  const parts = [...bar, ...progressParts(progress)];
  while (parts.length > 1 && parts.join('  ').length > room) parts.pop();
  return parts.join('  ').slice(0, Math.max(0, room));
}

/** One line for a file or a pipe. */
export function plainLine(progress: Progress): string {
  const percent = Math.floor((100 * (progress.news.index + 1)) / progress.news.total);
  const [step, ...rest] = progressParts(progress);
  return [`step ${step} (${percent} %)`, ...rest].join(', ');
}

/** One line for an evaluation. */
export const evaluationLine = (step: number, set: string, metrics: Readonly<Record<string, number>>): string =>
  `after step ${step}, ${set}: ${Object.entries(metrics)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ')}`;
