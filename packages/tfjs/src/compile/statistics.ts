import { loadedGraphs } from './graphs.js';
import type { Recording } from './recording.js';
import { openSessions } from './session.js';

/** Why a function runs op by op at one combination of arguments. */
export interface Refused {
  readonly reason: string;
}

export interface RecordingStatistics {
  /** Nesting, shapes and dtypes of the arguments. */
  readonly arguments: string;
  /** Ops in the forward graph and in the backward graph, 0 where there is none. */
  readonly operations: readonly [forward: number, backward: number];
  /** Values that the backward graph needs of the forward one. */
  readonly saved: number;
  /** Why there are no graphs. */
  readonly refused?: string;
}

export interface FunctionStatistics {
  readonly name: string;
  readonly recordings: readonly RecordingStatistics[];
  /** How often it was recorded, evicted recordings included. */
  readonly recorded: number;
  readonly replays: number;
}

export interface CompileStatistics {
  /** Graphs in memory, those of optimizers among them. Functions that do the same at the same shapes share theirs. */
  readonly graphs: number;
  /** Recordings made since the program began, refusals not counted. */
  readonly recorded: number;
  /** Calls answered by a graph since the program began. */
  readonly replays: number;
  readonly functions: readonly FunctionStatistics[];
}

interface Keeper {
  recorded(key: string, recording: Recording | Refused): void;
  freed(key: string): void;
  replayed(): void;
  readonly statistics: () => FunctionStatistics;
}

const keepers = new Set<Keeper>();
const totals = { recorded: 0, replays: 0 };

const statisticsOf = (key: string, recording: Recording | Refused): RecordingStatistics =>
  'reason' in recording
    ? { arguments: key, operations: [0, 0], saved: 0, refused: recording.reason }
    : { arguments: key, operations: [recording.forward.operations, recording.backward?.graph.operations ?? 0], saved: recording.saved };

/** Starts to count for a compiled function. */
export function keepStatistics(name: string): Keeper {
  const recordings = new Map<string, RecordingStatistics>();
  let recorded = 0;
  let replays = 0;
  const keeper: Keeper = {
    recorded(key, recording) {
      keepers.add(keeper);
      recordings.set(key, statisticsOf(key, recording));
      if ('reason' in recording) return;
      recorded += 1;
      totals.recorded += 1;
    },
    freed: (key) => recordings.delete(key),
    replayed() {
      replays += 1;
      totals.replays += 1;
    },
    statistics: () => ({ name, recordings: [...recordings.values()], recorded, replays }),
  };
  return keeper;
}

/** Takes a function out of the statistics. */
export function forget(keeper: Keeper): void {
  keepers.delete(keeper);
}

/** What `compile` has recorded and replayed in this process. */
export const compileStatistics = (): CompileStatistics => ({
  graphs: loadedGraphs().length + openSessions(),
  ...totals,
  functions: [...keepers].map(({ statistics }) => statistics()),
});

/** How many graphs there are and were used, as a line. */
export const summarizeCompiled = ({ graphs, recorded, replays }: CompileStatistics = compileStatistics()): string =>
  `${graphs} graphs, recorded ${recorded} times, replayed ${replays} times`;

/** The statistics as lines of text, one for each recording. */
export function describeCompiled(statistics: CompileStatistics = compileStatistics()): string {
  const lines = statistics.functions.flatMap(({ name, recordings }) =>
    recordings.map(({ arguments: args, operations: [forward, backward], saved, refused }) =>
      refused === undefined ? `${name}${args}: ${forward} + ${backward} ops, ${saved} values kept between` : `${name}${args}: op by op, ${refused}`,
    ),
  );
  return [summarizeCompiled(statistics), ...lines].join('\n');
}
