import type { Lane } from './lane.js';
import type { StartNews } from './start.js';

export interface TerminalOptions {
  /** Whether the panel may be redrawn in place. */
  readonly interactive: boolean;
  readonly write: (text: string) => void;
  /** Columns of the terminal; default 100. */
  readonly columns?: number;
}

const bar = (share: number, width: number): string => {
  const full = Math.round(share * width);
  return `${'━'.repeat(full)}${'╌'.repeat(width - full)}`;
};

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** A lane's state in a line: progress, loss, time a step, and the blocks of its latest step. */
export function laneLine({ variant, recording, latest }: Lane, barWidth = 20): string {
  const done = recording.curve.length;
  const name = variant.name.padEnd(19);
  const steps = `${String(done).padStart(4)}/${variant.steps}`.padEnd(9);
  if (done === 0 || !latest) return `${name} ${bar(0, barWidth)} ${steps}`;
  const recent = recording.curve.slice(-20);
  const loss = recent.reduce((sum, point) => sum + point.loss, 0) / recent.length;
  const ms = (1000 * recording.seconds) / done;
  const blocks = latest.active.map((active) => (active ? '●' : '○')).join('');
  const theta = latest.report['theta'];
  return `${name} ${bar(done / variant.steps, barWidth)} ${steps} loss ${loss.toFixed(3)}  ${ms.toFixed(0).padStart(4)} ms/step  ${blocks}${theta === undefined ? '' : `  theta ${theta.toFixed(2)}`}`;
}

/**
 * Shows the news of `start`: on a terminal a panel that is redrawn, elsewhere plain lines, about ten in all.
 * @returns a listener, and `close` to be called at the end
 */
export function startTerminal({ interactive, write, columns = 100 }: TerminalOptions): {
  readonly listen: (news: StartNews) => void;
  readonly close: () => void;
} {
  let drawn = 0;
  let tenths = 0;
  const panel = (lanes: readonly Lane[], secondsLeft: number): void => {
    const lines = [...lanes.map((lane) => laneLine(lane)), `about ${clock(secondsLeft)} left`].map((line) => line.slice(0, columns - 1));
    write(`${drawn ? `\x1b[${drawn}A` : ''}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
    drawn = lines.length;
  };
  const plain = (lanes: readonly Lane[], secondsLeft: number): void => {
    const share = Math.min(...lanes.map((lane) => lane.recording.curve.length / lane.steps));
    if (Math.floor(share * 10) <= tenths) return;
    tenths = Math.floor(share * 10);
    write(`${tenths}0 %, about ${clock(secondsLeft)} left\n`);
    for (const lane of lanes) write(`  ${laneLine(lane, 10)}\n`);
  };
  return {
    listen: (news) => {
      if (news.kind === 'stage') return write(`${news.text}\n`);
      return interactive ? panel(news.lanes, news.secondsLeft) : plain(news.lanes, news.secondsLeft);
    },
    close: () => {
      drawn = 0;
    },
  };
}
