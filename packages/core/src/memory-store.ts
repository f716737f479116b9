import { checkpointName } from './checkpoint/name.js';
import { fromPlainJson, toPlainJson } from './checkpoint/plain-json.js';
import { HooklineError } from './errors.js';
import type { Checkpoint, CheckpointStore } from './trainer-types.js';

/** A store that keeps every checkpoint in memory, for tests and browsers. */
export interface MemoryStore extends CheckpointStore {
  /** Oldest first. */
  readonly saved: readonly Checkpoint[];
}

const nameOf = (checkpoint: Checkpoint): string => checkpointName(checkpoint.step);

/** Copies in and out, and only what a file could hold: what a plugin keeps is lost here where it would be lost there. */
function copy(checkpoint: Checkpoint): Checkpoint {
  const plugins = Object.entries(checkpoint.plugins).map(([name, { version, state }]) => [
    name,
    { version, state: fromPlainJson(toPlainJson(state ?? null, `the state of plugin '${name}'`)) },
  ]);
  return { ...structuredClone({ ...checkpoint, plugins: {} }), plugins: Object.fromEntries(plugins) };
}

/**
 * Checkpoints in memory; each is named `step-00000100` by its step.
 * @throws (from load) HooklineError `HOOKLINE_CHECKPOINT_MISSING` for a name that is not there
 */
export function memoryStore(): MemoryStore {
  const saved: Checkpoint[] = [];
  return {
    saved,
    async save(checkpoint) {
      saved.push(copy(checkpoint));
    },
    async load(name) {
      const found = name === undefined ? saved.at(-1) : saved.findLast((checkpoint) => nameOf(checkpoint) === name);
      if (found) return copy(found);
      if (name === undefined) return undefined;
      throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `there is no checkpoint '${name}' in memory`, {
        hint: `there are: ${saved.map(nameOf).join(', ') || 'none'}`,
      });
    },
  };
}
