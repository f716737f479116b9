/**
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes of header length (little-endian), a JSON header
 * `{name: {dtype, shape, data_offsets: [begin, end]}, __metadata__: {text: text}}`, and the numbers, row by row, without gaps.
 * Numbers are taken as they lie in memory: little-endian wherever JavaScript engines run.
 */
import * as z from 'zod';
import { HooklineError } from '../errors.js';
import type { Host, NamedTensor, Tensors } from '../values.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.js';

/** Free texts in a file's header. */
export type SafetensorsMetadata = Readonly<Record<string, string>>;

interface Format {
  readonly bytes: number;
  /** Reads numbers that lie at a multiple of `bytes` in the buffer. */
  readonly read: (buffer: ArrayBuffer, offset: number, length: number, name: string) => Host;
}

const fail = (message: string, hint = 'write the file again, or fetch it again', cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_SAFETENSORS', `safetensors: ${message}`, { hint, cause });

const narrow = (wide: BigInt64Array, name: string): Int32Array =>
  Int32Array.from(wide, (value) => {
    if (BigInt.asIntN(32, value) !== value)
      throw fail(`tensor '${name}' holds ${value}, beyond 32 bits`, 'I64 is read into 32-bit integers: store indices below 2^31');
    return Number(value);
  });

const formats: Readonly<Record<string, Format>> = {
  F64: { bytes: 8, read: (buffer, offset, length) => new Float64Array(buffer, offset, length) },
  F32: { bytes: 4, read: (buffer, offset, length) => new Float32Array(buffer, offset, length) },
  I32: { bytes: 4, read: (buffer, offset, length) => new Int32Array(buffer, offset, length) },
  I64: { bytes: 8, read: (buffer, offset, length, name) => narrow(new BigInt64Array(buffer, offset, length), name) },
  F16: { bytes: 2, read: (buffer, offset, length) => float16ToFloat32(new Uint16Array(buffer, offset, length)) },
  BF16: { bytes: 2, read: (buffer, offset, length) => bfloat16ToFloat32(new Uint16Array(buffer, offset, length)) },
};

const dtypeOf = (data: Host): string => (data instanceof Float64Array ? 'F64' : data instanceof Float32Array ? 'F32' : 'I32');

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The parts of a file, in order, without copying the numbers: for writing large tensors.
 * @throws HooklineError `HOOKLINE_SAFETENSORS` when a shape does not fit its numbers
 */
export function safetensorsParts(tensors: Tensors, metadata: SafetensorsMetadata = {}): Uint8Array[] {
  const names = Object.keys(tensors);
  const tensor = (name: string): NamedTensor => tensors[name] as NamedTensor;
  names.sort((a, b) => tensor(b).data.BYTES_PER_ELEMENT - tensor(a).data.BYTES_PER_ELEMENT || byName(a, b));
  let end = 0;
  const entries = names.map((name): [string, unknown] => {
    const { shape, data } = tensor(name);
    if (name === '__metadata__') throw fail(`a tensor cannot be called '${name}'`, 'give it another name');
    if (sizeOf(shape) !== data.length)
      throw fail(`tensor '${name}' of shape [${shape}] has ${data.length} numbers`, 'the product of the shape is the number of numbers');
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }];
  });
  const texts: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...texts, ...entries])));
  const length = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, 8);
  return [head, ...names.map((name) => new Uint8Array(tensor(name).data.buffer, tensor(name).data.byteOffset, tensor(name).data.byteLength))];
}

/**
 * Tensors as the bytes of a file: Float64Array as F64, Float32Array as F32, Int32Array as I32. The same tensors give the same
 * bytes whatever the order of their names.
 * @throws HooklineError `HOOKLINE_SAFETENSORS` when a shape does not fit its numbers
 */
export function encodeSafetensors(tensors: Tensors, metadata: SafetensorsMetadata = {}): Uint8Array {
  const parts = safetensorsParts(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const whole = z.int().nonnegative();
const entrySchema = z.strictObject({ dtype: z.string(), shape: z.array(whole), data_offsets: z.tuple([whole, whole]) });
type Entry = z.output<typeof entrySchema>;

const checked = <S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw fail(`header, ${[where, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
};

/** The header's free texts; checked by hand, because a zod record drops a key called `__proto__`. */
function checkedMetadata(texts: unknown): SafetensorsMetadata {
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) throw fail('header, __metadata__: not an object of texts');
  const wrong = Object.entries(texts).find(([, text]) => typeof text !== 'string');
  if (wrong) throw fail(`header, __metadata__.${wrong[0]}: not a text`);
  return texts as SafetensorsMetadata;
}

/** Header and position of the numbers. */
function readHeader(bytes: Uint8Array): { readonly header: Record<string, unknown>; readonly start: number } {
  if (bytes.length < 8) throw fail(`cut short: ${bytes.length} bytes, less than the header's length takes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw fail(`cut short, or no such file: a header of ${length} bytes in a file of ${bytes.length}`);
  const start = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw fail('the header is not JSON', undefined, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw fail('the header is not an object of tensors');
  return { header: header as Record<string, unknown>, start };
}

function formatOf(name: string, { dtype, shape, data_offsets: [begin, end] }: Entry): Format {
  const format = Object.hasOwn(formats, dtype) ? formats[dtype] : undefined;
  if (!format) throw fail(`tensor '${name}' has the unknown dtype ${dtype}`, `these are read: ${Object.keys(formats).join(', ')}`);
  const expected = sizeOf(shape) * format.bytes;
  if (end - begin !== expected) throw fail(`tensor '${name}', ${dtype} of shape [${shape}], takes ${expected} bytes but has ${end - begin}`);
  return format;
}

/** Numbers at an offset; in place where they are aligned, else from a copy. */
function numbers(bytes: Uint8Array, begin: number, end: number, format: Format, name: string): Host {
  const offset = bytes.byteOffset + begin;
  const length = (end - begin) / format.bytes;
  if (offset % format.bytes === 0 && bytes.buffer instanceof ArrayBuffer) return format.read(bytes.buffer, offset, length, name);
  return format.read(bytes.slice(begin, end).buffer as ArrayBuffer, 0, length, name);
}

/**
 * Reads F64, F32, I32 as they are, I64 into 32-bit integers, F16 and BF16 into float32. The tensors may share memory with `bytes`.
 * @returns tensors in the order in which they lie in the file, and the header's free texts
 * @throws HooklineError `HOOKLINE_SAFETENSORS`: cut short, tensors that overlap or leave gaps, an unknown dtype, a header that is not
 *   JSON, a shape that does not fit its bytes, an I64 beyond 32 bits
 */
export function decodeSafetensors(bytes: Uint8Array): { readonly tensors: Tensors; readonly metadata: SafetensorsMetadata } {
  const { header, start } = readHeader(bytes);
  const { __metadata__: texts = {}, ...rest } = header;
  const entries = Object.entries(rest).map(([name, value]) => ({ name, entry: checked(entrySchema, value, name) }));
  entries.sort((a, b) => a.entry.data_offsets[0] - b.entry.data_offsets[0] || a.entry.data_offsets[1] - b.entry.data_offsets[1]);
  let last = 0;
  const plan = entries.map(({ name, entry }) => {
    const format = formatOf(name, entry);
    const [begin, end] = entry.data_offsets;
    if (begin < last) throw fail(`tensor '${name}' overlaps the one before it`);
    if (begin > last) throw fail(`there is a gap of ${begin - last} bytes before tensor '${name}'`);
    last = end;
    return { name, shape: entry.shape, format, begin, end };
  });
  if (start + last > bytes.length) throw fail(`cut short: ${bytes.length} bytes where the header says ${start + last}`);
  if (start + last < bytes.length) throw fail(`${bytes.length - start - last} bytes follow the last tensor`);
  const tensors = Object.fromEntries(
    plan.map(({ name, shape, format, begin, end }) => [name, { shape, data: numbers(bytes, start + begin, start + end, format, name) }]),
  );
  return { tensors, metadata: checkedMetadata(texts) };
}
