import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { checkpointName, isCheckpointName } from '../checkpoint/name.js';
import { bestOf, expendable, monitorSchema, retentionSchema, type Saved } from '../checkpoint/retention.js';
import { HooklineError } from '../errors.js';
import { parseOptions } from '../parse.js';
import type { Checkpoint, CheckpointStore, Monitor, Retention } from '../trainer-types.js';
import { missing, readCheckpoint, readCheckpointManifest, writeCheckpoint } from './checkpoint-directory.js';
import { syncDirectory, systemCode, type WritePart, writeError, writePart } from './durable-files.js';

export interface FileStoreOptions extends Retention {
  /** Told of a damaged checkpoint that was passed over; default `console.warn`. */
  readonly onWarning?: (message: string) => void;
  /** How bytes reach the disk; for tests of slow and of full disks. */
  readonly write?: WritePart;
}

/** Being written, or being deleted: of no use to anybody once the process is gone. */
const temporary = '.tmp-';
/** A checkpoint about to give way to a new one of the same step; takes its name back if the process dies in between. */
const aside = '.old-';

const options = z.strictObject({
  ...retentionSchema.shape,
  onWarning: z.custom<(message: string) => void>().exactOptional(),
  write: z.custom<WritePart>().exactOptional(),
});

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `cannot read the checkpoints in ${directory} (${systemCode(error) ?? String(error)})`, {
      cause: error,
    });
  }
}

/** Checkpoints by name, with the directory that holds each: its own, or where it was set aside when the process died. */
async function present(directory: string): Promise<Map<string, string>> {
  const entries = await entriesOf(directory);
  const old = entries.filter((entry) => entry.startsWith(aside)).map((entry): [string, string] => [entry.slice(aside.length), join(directory, entry)]);
  return new Map([...old, ...entries.map((entry): [string, string] => [entry, join(directory, entry)])].filter(([name]) => isCheckpointName(name)));
}

/** What can be told of each checkpoint from its manifest, the newest first; damaged ones are told of and left out. */
async function survey(directory: string, warn: (message: string) => void): Promise<(Saved & { readonly path: string })[]> {
  const found: (Saved & { readonly path: string })[] = [];
  for (const [name, path] of await present(directory)) {
    try {
      const { sequence, metrics } = await readCheckpointManifest(path);
      found.push({ name, path, sequence, metrics });
    } catch (error) {
      warn(`passing over a checkpoint: ${(error as Error).message}`);
    }
  }
  return found.sort((a, b) => b.sequence - a.sequence);
}

/** Takes up after a process that was killed: half-written directories go, a checkpoint that was set aside gets its name back. */
async function tidy(directory: string): Promise<void> {
  const entries = await entriesOf(directory);
  for (const entry of entries) {
    if (entry.startsWith(temporary)) await rm(join(directory, entry), { recursive: true, force: true });
    if (!entry.startsWith(aside)) continue;
    const name = entry.slice(aside.length);
    if (entries.includes(name)) await rm(join(directory, entry), { recursive: true, force: true });
    else await rename(join(directory, entry), join(directory, name));
  }
}

/** Deletes a directory so that a kill in between leaves no half of a checkpoint under its name. */
async function remove(directory: string, name: string): Promise<void> {
  const doomed = join(directory, `${temporary}deleted-${name}`);
  await rename(join(directory, name), doomed);
  await rm(doomed, { recursive: true, force: true });
}

/**
 * Checkpoints in a directory: `step-00000100/` with `model.safetensors` and a manifest of checksums.
 *
 * Each is written under a temporary name, synced, and renamed: after a kill at any moment there is either the old state or the new.
 * Newest means saved last, also after going back to an earlier one. Only one process may save to a directory at a time.
 *
 * Retention: the newest `keep` (default: all) and the best by `best` stay; what a checkpoint says itself (`checkpoint.retention`,
 * from the plugin `checkpoints`) comes before the store's own options.
 * @throws (save) HooklineError `HOOKLINE_DISK_FULL`, `HOOKLINE_WRITE`: nothing is left of the new checkpoint, earlier ones are intact
 * @throws (load) HooklineError `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED` for a checkpoint that was asked for by name
 */
export function fileStore(directory: string, storeOptions: FileStoreOptions = {}): CheckpointStore {
  const { onWarning: warn = console.warn, write = writePart, ...own } = parseOptions('fileStore', options, storeOptions);

  const retain = async (retention: Retention): Promise<void> => {
    for (const { name } of expendable(await survey(directory, () => {}), retention)) {
      await remove(directory, name).catch((error) => warn(`cannot delete checkpoint ${join(directory, name)} (${systemCode(error) ?? String(error)})`));
    }
  };

  const publish = async (from: string, name: string): Promise<void> => {
    const to = join(directory, name);
    const old = join(directory, `${aside}${name}`);
    const replaced = await rename(to, old).then(
      () => true,
      (error) => {
        if (systemCode(error) === 'ENOENT') return false;
        throw error;
      },
    );
    await rename(from, to);
    await syncDirectory(directory);
    if (replaced) await rm(old, { recursive: true, force: true });
  };

  const save = async (checkpoint: Checkpoint): Promise<void> => {
    const name = checkpointName(checkpoint.step);
    const path = join(directory, `${temporary}${name}`);
    try {
      await mkdir(directory, { recursive: true });
      await tidy(directory);
      const [newest] = await survey(directory, () => {});
      await writeCheckpoint(path, checkpoint, (newest?.sequence ?? 0) + 1, write);
      await publish(path, name);
    } catch (error) {
      await rm(path, { recursive: true, force: true }).catch(() => {});
      throw writeError('checkpoint', join(directory, name), error);
    }
    await retain({ ...own, ...checkpoint.retention });
  };

  const load = async (name?: string): Promise<Checkpoint | undefined> => {
    if (name !== undefined) {
      const all = await present(directory);
      const path = all.get(name);
      if (path === undefined) throw missing(join(directory, name), all.size > 0 ? `there are: ${[...all.keys()].join(', ')}` : 'there are none');
      return readCheckpoint(path);
    }
    for (const { path } of await survey(directory, warn)) {
      try {
        return await readCheckpoint(path);
      } catch (error) {
        warn(`passing over a checkpoint: ${(error as Error).message}`);
      }
    }
    return undefined;
  };

  return { save, load };
}

/**
 * The name of the best checkpoint by a metric, the one that `checkpoints({ best })` keeps: to resume from, or to read. Undefined where none has it.
 * @param directory that of the checkpoints, `RUN/checkpoints`
 */
export async function bestCheckpoint(directory: string, monitor: Monitor): Promise<string | undefined> {
  return bestOf(await survey(directory, () => {}), parseOptions('bestCheckpoint', monitorSchema, monitor))?.name;
}
