/** A database of checkpoints: for each its manifest, and its tensors in the safetensors format. */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import { HooklineError } from '../errors.js';

/** Both tables are keyed by the checkpoint's name. Another program may have written anything. */
interface Tables extends DBSchema {
  manifests: { key: string; value: unknown };
  tensors: { key: string; value: unknown };
}

export type Database = IDBPDatabase<Tables>;

export const tables = ['manifests', 'tensors'] as const;

/** The name of the database of a run: others of the same origin are left alone. */
const databaseName = (run: string): string => `hookline:${run}`;

/** @throws HooklineError `HOOKLINE_NO_FILES` where a page, or a program, has no IndexedDB, or no digests */
export function checkPlatform(run: string): void {
  const lacks = globalThis.indexedDB === undefined ? 'IndexedDB' : globalThis.crypto?.subtle === undefined ? 'crypto.subtle' : undefined;
  if (lacks === undefined) return;
  throw new HooklineError('HOOKLINE_NO_FILES', `run '${run}' needs a place for its checkpoints, and there is no ${lacks} here`, {
    hint: 'serve the page over https or from localhost, or give a store: memoryStore(), or one of your own',
  });
}

const foreign = (run: string, why: string, cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_STORE', `the database '${databaseName(run)}' ${why}`, { hint: 'give the store another name', cause });

/** Opens the database for one use, and closes it after, so that no page keeps another from deleting it. */
export async function withDatabase<A>(run: string, use: (database: Database) => Promise<A>): Promise<A> {
  const database = await openDB<Tables>(databaseName(run), 1, {
    upgrade(created) {
      for (const table of tables) created.createObjectStore(table);
    },
  }).catch((cause: unknown) => {
    throw foreign(run, `cannot be opened (${nameOf(cause)})`, cause);
  });
  try {
    if (tables.some((table) => !database.objectStoreNames.contains(table))) throw foreign(run, 'holds something else than checkpoints');
    return await use(database);
  } finally {
    database.close();
  }
}

/** Deletes all that a run has saved. */
export const deleteDatabase = (run: string): Promise<void> => deleteDB(databaseName(run));

const nameOf = (error: unknown): string => (error as DOMException | undefined)?.name ?? String(error);

/** A failure to write as a typed error that says how to mend it. */
export function writeError(run: string, checkpoint: string, cause: unknown): HooklineError {
  if (cause instanceof HooklineError) return cause;
  if (nameOf(cause) === 'QuotaExceededError')
    return new HooklineError('HOOKLINE_DISK_FULL', `checkpoint ${checkpoint} of '${run}': the browser grants no more space`, {
      hint: 'keep fewer checkpoints (keep: 1), delete other runs, or free some disk space; then resume',
      cause,
    });
  return new HooklineError('HOOKLINE_WRITE', `checkpoint ${checkpoint} of '${run}' cannot be written (${nameOf(cause)})`, {
    hint: 'check that the page may store data',
    cause,
  });
}
