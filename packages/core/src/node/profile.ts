import type { Clock } from '../services.js';

/** What a run spends its time on, as far as hooks can tell. */
export const profileParts = ['data', 'stem', 'block', 'backward', 'optimizer', 'evaluation', 'checkpoint', 'other'] as const;
export type ProfilePart = (typeof profileParts)[number];

/** A stretch of a run. Seconds are those of the run's clock. */
export interface Span {
  readonly part: ProfilePart;
  /** The block's name, the evaluation set, or the part itself. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Index of the training step; after the last hook of a step, still that one. */
  readonly step: number;
}

/** All spans of one part and name together. */
export interface ProfileRow {
  readonly part: ProfilePart;
  readonly name: string;
  /** How often it happened: a block that did not run does not count. */
  readonly calls: number;
  readonly seconds: number;
}

/** Where the time of a run went. The rows' seconds add up to the whole. */
export interface Profile {
  readonly rows: readonly ProfileRow[];
  readonly steps: number;
  readonly seconds: number;
}

/** Divides time without gap or overlap: each mark ends a span that began at the mark before. */
export interface Marker {
  /** Everything since the last mark, up to now or to an earlier moment. */
  mark(part: ProfilePart, name?: string, until?: number): void;
  /** The step that spans belong to from here on. */
  step(index: number): void;
  profile(): Profile;
}

/** @param told hears of each span as it ends */
export function createMarker(clock: Clock, told: (span: Span) => void = () => undefined): Marker {
  const begun = clock.seconds();
  const rows = new Map<string, ProfileRow>();
  let last = begun;
  let current = 0;
  let steps = 0;
  return {
    mark(part, name = part, until = clock.seconds()) {
      const to = Math.max(last, until);
      const key = `${part} ${name}`;
      const { calls, seconds } = rows.get(key) ?? { calls: 0, seconds: 0 };
      rows.set(key, { part, name, calls: calls + 1, seconds: seconds + to - last });
      told({ part, name, from: last, to, step: current });
      last = to;
    },
    step(index) {
      current = index;
      steps += 1;
    },
    profile: () => {
      const place = ({ part }: ProfileRow): number => profileParts.indexOf(part);
      return { rows: [...rows.values()].sort((a, b) => place(a) - place(b)), steps, seconds: last - begun };
    },
  };
}

const meanings: Readonly<Record<ProfilePart, string>> = {
  data: 'reading batches',
  stem: 'before the first block, and between blocks',
  block: 'forward',
  backward: 'head, loss and backward pass',
  optimizer: "plugins' work on gradients, and the update",
  evaluation: 'evaluation',
  checkpoint: 'checkpoints',
  other: 'plugins, news, idle',
};

/** The table's columns and rows as text: part, calls, seconds, share of the whole, milliseconds a call. */
export function profileTable({ rows, seconds }: Profile): { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const label = ({ part, name }: ProfileRow): string =>
    part === 'block' ? `${name}, forward` : name === part ? meanings[part] : `${meanings[part]} of ${name}`;
  return {
    columns: ['Part', 'Calls', 'Seconds', 'Share', 'ms a call'],
    rows: rows.map((row) => [
      label(row),
      String(row.calls),
      row.seconds.toFixed(3),
      `${((100 * row.seconds) / (seconds || 1)).toFixed(1)} %`,
      ((1000 * row.seconds) / row.calls).toFixed(3),
    ]),
  };
}
