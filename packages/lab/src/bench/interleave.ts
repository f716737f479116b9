/** One thing to time. */
export interface Contender {
  readonly name: string;
  /** Runs it once; its time is measured from the call until the promise is kept. */
  readonly run: () => Promise<void>;
}

/** Times of one contender in milliseconds. */
export interface Timing {
  readonly name: string;
  /** In the order of the rounds. */
  readonly times: readonly number[];
  readonly median: number;
  /** Lower and upper quartile. */
  readonly quartiles: readonly [number, number];
}

/** A quantile of numbers, 0 to 1, interpolated between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (at - below) * (high - low);
}

/** What is counted: time on the wall, or the process's time on processors, which other work on the machine disturbs less. */
export type ClockName = 'wall' | 'cpu';

/** Clocks in milliseconds. */
export const clocks: Readonly<Record<ClockName, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export interface InterleaveOptions {
  /** Timed rounds; each runs every contender once. */
  readonly rounds: number;
  /** Rounds before, not timed; default 1. */
  readonly warmup?: number;
  /** A clock in milliseconds; default that on the wall. */
  readonly clock?: () => number;
  /** Told of every round that is done, warm-up included. */
  readonly onRound?: ((done: number, of: number) => void) | undefined;
}

/**
 * Times contenders in turns, so that what slows the machine for a while slows them all; each round begins with another one, so that none always
 * follows the same. Report medians and quartiles, and ratios between contenders of one interleaving only.
 */
export async function interleaved(contenders: readonly Contender[], options: InterleaveOptions): Promise<readonly Timing[]> {
  const { rounds, warmup = 1, clock = clocks.wall, onRound } = options;
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < warmup + rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      const start = clock();
      await contenders[index]?.run();
      if (round >= warmup) times[index]?.push(clock() - start);
    }
    onRound?.(round + 1, warmup + rounds);
  }
  return contenders.map(({ name }, i) => {
    const own = times[i] as number[];
    return { name, times: own, median: quantile(own, 0.5), quartiles: [quantile(own, 0.25), quantile(own, 0.75)] };
  });
}
