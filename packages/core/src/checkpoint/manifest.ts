import * as z from 'zod';
import { HooklineError } from '../errors.js';
import type { Checkpoint } from '../trainer-types.js';
import type { Awaitable } from '../values.js';
import { fromPlainJson, toPlainJson } from './plain-json.js';

/** A file of a checkpoint: its length in bytes and the SHA-256 of its bytes, in hexadecimal. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** SHA-256 of a text, in hexadecimal; browsers compute it asynchronously. */
export type Digest = (text: string) => Awaitable<string>;

/** What a checkpoint's directory says of itself besides its tensors. */
export interface Manifest extends Omit<Checkpoint, 'tensors' | 'retention'> {
  /** Grows with each checkpoint that is saved to the same place: the greatest is the newest, also after going back to an earlier one. */
  readonly sequence: number;
  readonly files: Readonly<Record<string, FileDigest>>;
}

const numbers = z.record(
  z.string(),
  z
    .number()
    .or(z.nan())
    .or(z.literal([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])),
);
const count = z.int().nonnegative();

const schema = z.strictObject({
  format: z.literal('hookline-checkpoint'),
  version: z.literal(1),
  sequence: count,
  step: count,
  position: count,
  config: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), numbers),
  plugins: z.record(z.string(), z.strictObject({ version: z.int(), state: z.unknown() })),
  stopped: z.string().exactOptional(),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256: z.string() })),
});

const render = (body: unknown, sha256: string): string => `${JSON.stringify({ ...(body as object), sha256 }, null, 2)}\n`;

/**
 * A manifest as the text of its file, with a digest of itself, so that a changed byte anywhere is found.
 * @throws HooklineError `HOOKLINE_STATE` for a state that a checkpoint cannot keep
 */
export async function writeManifest(manifest: Manifest, digest: Digest): Promise<string> {
  const { sequence, step, position, config, metrics, plugins, stopped, files } = manifest;
  const states = Object.entries(plugins).map(([name, { version, state }]) => [
    name,
    { version, state: toPlainJson(state ?? null, `the state of plugin '${name}'`) },
  ]);
  const body = {
    format: 'hookline-checkpoint',
    version: 1,
    sequence,
    step,
    position,
    config: toPlainJson(config, 'the run’s config'),
    metrics: toPlainJson(metrics, 'metrics'),
    plugins: Object.fromEntries(states),
    ...(stopped === undefined ? {} : { stopped }),
    files,
  };
  return render(body, await digest(JSON.stringify(body)));
}

const damaged = (why: string, cause?: unknown): HooklineError => new HooklineError('HOOKLINE_CHECKPOINT_DAMAGED', `manifest: ${why}`, { cause });

/**
 * Reads what `writeManifest` wrote.
 * @throws HooklineError `HOOKLINE_CHECKPOINT_DAMAGED` when any byte differs, or another version of hookline wrote it
 */
export async function readManifest(text: string, digest: Digest): Promise<Manifest> {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (cause) {
    throw damaged('not JSON', cause);
  }
  const { sha256, ...body } = Object(whole) as Record<string, unknown>;
  if (sha256 !== (await digest(JSON.stringify(body))) || text !== render(body, sha256)) throw damaged('its bytes do not fit its own checksum');
  const result = schema.safeParse(fromPlainJson(body));
  if (!result.success) throw damaged(`${result.error.issues[0]?.path.join('.')}: ${result.error.issues[0]?.message}; another version of hookline wrote it`);
  const { format: _format, version: _version, ...manifest } = result.data;
  return manifest;
}
