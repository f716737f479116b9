import * as z from 'zod';
import { type Manifest, readManifest, writeManifest } from '../checkpoint/manifest.js';
import { checkpointName } from '../checkpoint/name.js';
import { expendable, retentionSchema, type Saved } from '../checkpoint/retention.js';
import { decodeSafetensors, safetensorsParts } from '../checkpoint/safetensors.js';
import { HooklineError } from '../errors.js';
import { parseOptions } from '../parse.js';
import type { Checkpoint, CheckpointStore, Retention } from '../trainer-types.js';
import { checkPlatform, type Database, deleteDatabase, tables, withDatabase, writeError } from './database.js';

export interface IndexedDbStoreOptions extends Retention {
  /** Of the run; a store of the same name on the same origin, in any tab or worker, is the same store. */
  readonly name: string;
  /** Told of a damaged checkpoint that was passed over; default `console.warn`. */
  readonly onWarning?: (message: string) => void;
}

/** A store of checkpoints in a browser. */
export interface BrowserStore extends CheckpointStore {
  /** Names of the checkpoints there are, e.g. `step-00000100`, the oldest first. */
  names(): Promise<readonly string[]>;
  /** Deletes all of them. */
  delete(): Promise<void>;
}

const options = z.strictObject({
  name: z.string().min(1),
  ...retentionSchema.shape,
  onWarning: z.custom<(message: string) => void>().exactOptional(),
});

const tensorsFile = 'model.safetensors';

/** SHA-256 in hexadecimal. */
async function sha256(data: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', typeof data === 'string' ? new TextEncoder().encode(data) : data);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** One at a time among all tabs and workers of the origin, where the platform has locks. */
async function exclusively(name: string, work: () => Promise<void>): Promise<void> {
  if (globalThis.navigator?.locks) await navigator.locks.request(`hookline:${name}`, work);
  else await work();
}

/**
 * Checkpoints in the browser's IndexedDB; works in pages and in workers.
 *
 * A checkpoint, and the deletion of those that it replaces, is one transaction: after a tab was closed at any moment there is either the old
 * state or the new. Each is held to the checksums of its manifest when it is read. Newest means saved last, also after going back to an earlier one.
 *
 * Retention: the newest `keep` (default: all) and the best by `best` stay; what a checkpoint says itself (`checkpoint.retention`,
 * from the plugin `checkpoints`) comes before the store's own options. A browser may delete what a site has stored when space runs out, unless
 * `navigator.storage.persist()` was granted.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_NO_FILES` without IndexedDB, or on a page that is neither from https nor from localhost
 * @throws (all methods) HooklineError `HOOKLINE_STORE` for a database of that name that is not ours
 * @throws (save) HooklineError `HOOKLINE_DISK_FULL`, `HOOKLINE_WRITE`: nothing is left of the new checkpoint, earlier ones are intact
 * @throws (load) HooklineError `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED` for a checkpoint that was asked for by name
 */
export function indexedDbStore(storeOptions: IndexedDbStoreOptions): BrowserStore {
  const { name: run, onWarning: warn = console.warn, ...own } = parseOptions('indexedDbStore', options, storeOptions);
  checkPlatform(run);

  const damaged = (name: string, why: string, cause?: unknown): HooklineError =>
    new HooklineError('HOOKLINE_CHECKPOINT_DAMAGED', `checkpoint ${name} of '${run}' is damaged: ${why}`, { hint: 'use another checkpoint', cause });

  const manifestOf = async (name: string, text: unknown): Promise<Manifest> => {
    if (typeof text !== 'string') throw damaged(name, 'its manifest is no text');
    return readManifest(text, sha256).catch((error: Error) => {
      throw damaged(name, error.message, error);
    });
  };

  /** What the manifests tell, the newest first; damaged ones are told of and left out. */
  const survey = async (database: Database, tell: (message: string) => void): Promise<readonly Saved[]> => {
    const transaction = database.transaction('manifests');
    const [names, texts] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
    const found: Saved[] = [];
    for (const [i, name] of names.entries()) {
      try {
        const { sequence, metrics } = await manifestOf(name, texts[i]);
        found.push({ name, sequence, metrics });
      } catch (error) {
        tell(`passing over a checkpoint: ${(error as Error).message}`);
      }
    }
    return found.sort((a, b) => b.sequence - a.sequence);
  };

  const read = async (database: Database, name: string): Promise<Checkpoint> => {
    const transaction = database.transaction(tables);
    const [text, bytes] = await Promise.all([transaction.objectStore('manifests').get(name), transaction.objectStore('tensors').get(name)]);
    if (text === undefined) {
      const names = await database.getAllKeys('manifests');
      throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `there is no checkpoint ${name} of '${run}'`, {
        hint: `there are: ${names.join(', ') || 'none'}`,
      });
    }
    const { files, sequence: _sequence, ...rest } = await manifestOf(name, text);
    const expected = files[tensorsFile];
    if (!expected || !(bytes instanceof Uint8Array)) throw damaged(name, 'its tensors are missing');
    if (bytes.length !== expected.bytes) throw damaged(name, `its tensors have ${bytes.length} bytes instead of ${expected.bytes}`);
    if ((await sha256(bytes as Uint8Array<ArrayBuffer>)) !== expected.sha256) throw damaged(name, 'its tensors do not fit their checksum');
    return { ...rest, tensors: decodeSafetensors(bytes).tensors };
  };

  const write = async (database: Database, name: string, { tensors, retention, ...rest }: Checkpoint): Promise<void> => {
    const bytes = join(safetensorsParts(tensors, { format: 'hookline', step: String(rest.step) }));
    const files = { [tensorsFile]: { bytes: bytes.length, sha256: await sha256(bytes) } };
    const saved = await survey(database, () => {});
    const sequence = (saved[0]?.sequence ?? 0) + 1;
    const manifest = await writeManifest({ ...rest, sequence, files }, sha256);
    const after = [...saved.filter((one) => one.name !== name), { name, sequence, metrics: rest.metrics }];
    const doomed = expendable(after, { ...own, ...retention }).map((one) => one.name);

    const transaction = database.transaction(tables, 'readwrite', { durability: 'strict' });
    const [manifests, contents] = tables.map((table) => transaction.objectStore(table));
    await Promise.all([
      manifests!.put(manifest, name),
      contents!.put(bytes, name),
      ...doomed.flatMap((old) => [manifests!.delete(old), contents!.delete(old)]),
      transaction.done,
    ]);
  };

  return {
    async save(checkpoint) {
      const name = checkpointName(checkpoint.step);
      await exclusively(run, () => withDatabase(run, (database) => write(database, name, checkpoint))).catch((error: unknown) => {
        throw writeError(run, name, error);
      });
    },
    load: (name) =>
      withDatabase(run, async (database) => {
        if (name !== undefined) return read(database, name);
        for (const saved of await survey(database, warn)) {
          try {
            return await read(database, saved.name);
          } catch (error) {
            warn(`passing over a checkpoint: ${(error as Error).message}`);
          }
        }
        return undefined;
      }),
    names: () => withDatabase(run, async (database) => (await survey(database, () => {})).map((saved) => saved.name).reverse()),
    delete: () => deleteDatabase(run),
  };
}
