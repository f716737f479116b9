import { type Spread, spreadOf } from './spread.js';

/** One thing to time. */
export interface Contender {
  readonly name: string;
  /** Called before each run, its time not counted. */
  readonly prepare?: () => Promise<void>;
  /** Runs it once; its time is measured from the call until the promise is kept. */
  readonly run: () => Promise<void>;
}

/** Times of one contender in milliseconds. */
export interface Timing extends Spread {
  readonly name: string;
  /** In the order of the rounds. */
  readonly times: readonly number[];
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
 * Visits `count` contenders in each of `rounds` rounds, every round beginning with another one, so that none always follows the same.
 * @param onRound told of every round that is done
 */
export async function inTurns(
  count: number,
  rounds: number,
  visit: (index: number, round: number) => Promise<void>,
  onRound?: (done: number, of: number) => void,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < count; turn++) await visit((round + turn) % count, round);
    onRound?.(round + 1, rounds);
  }
}

/**
 * Times contenders in turns, so that what slows the machine for a while slows them all. Report medians and quartiles, and ratios between contenders of one interleaving only.
 */
export async function interleaved(contenders: readonly Contender[], options: InterleaveOptions): Promise<readonly Timing[]> {
  const { rounds, warmup = 1, clock = clocks.wall, onRound } = options;
  const times = contenders.map((): number[] => []);
  const time = async (index: number, round: number): Promise<void> => {
    await contenders[index]?.prepare?.();
    const start = clock();
    await contenders[index]?.run();
    if (round >= warmup) times[index]?.push(clock() - start);
  };
  await inTurns(contenders.length, warmup + rounds, time, onRound);
  return contenders.map(({ name }, i) => {
    const own = times[i] as number[];
    return { name, times: own, ...spreadOf(own) };
  });
}
