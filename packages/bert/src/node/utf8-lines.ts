import { createReadStream } from 'node:fs';
import { HooklineError } from '@hookline/core';

/** Bytes that a sequence takes by its first byte; 0 where no sequence begins with it. */
const sequenceLength = (first: number): number => (first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0);

/** Whether a byte may be the second of a sequence: no overlong forms, no surrogates, nothing above U+10FFFF. */
function isSecond(first: number, second: number): boolean {
  const [low, high] =
    first === 0xe0 ? [0xa0, 0xbf] : first === 0xed ? [0x80, 0x9f] : first === 0xf0 ? [0x90, 0xbf] : first === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
  return second >= low && second <= high;
}

/** Where the first invalid sequence begins, a truncated one included; -1 in valid UTF-8. */
export function invalidUtf8At(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!;
    const length = sequenceLength(first);
    if (length === 0 || at + length > bytes.length) return at;
    if (length > 1 && !isSecond(first, bytes[at + 1]!)) return at;
    for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return at;
    at += length;
  }
  return -1;
}

/** How many bytes there are before a sequence that the end cuts off. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
    if (byte < 0x80) return bytes.length;
  }
  return bytes.length;
}

export interface Utf8Options {
  /** Told the size of each part that was read, in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * The text of a file in parts of about 64 KiB; a byte order mark is dropped.
 * @throws HooklineError `HOOKLINE_UTF8` that names file and byte, `HOOKLINE_CORPUS` where the file cannot be read
 */
export async function* utf8Parts(path: string, { onBytes }: Utf8Options = {}): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(0);
  let offset = 0;
  const decode = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      const at = invalidUtf8At(bytes);
      throw new HooklineError('HOOKLINE_UTF8', `${path} is not UTF-8: byte 0x${bytes[at]!.toString(16).padStart(2, '0')} at offset ${offset + at}`, {
        hint: 'convert the file to UTF-8, e.g. with iconv',
        cause,
      });
    }
  };
  try {
    for await (const part of createReadStream(path) as AsyncIterable<Uint8Array>) {
      const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
      const complete = completeLength(bytes);
      const text = decode(bytes.subarray(0, complete));
      yield offset === 0 && text.startsWith('\uFEFF') ? text.slice(1) : text;
      rest = bytes.slice(complete);
      offset += complete;
      onBytes?.(part.length);
    }
  } catch (cause) {
    if (cause instanceof HooklineError) throw cause;
    throw new HooklineError('HOOKLINE_CORPUS', `${path} cannot be read (${(cause as Error).message})`, { hint: 'check the path and its permissions', cause });
  }
  if (rest.length > 0) yield decode(rest);
}

export interface LineOptions extends Utf8Options {
  /** Longer lines come in parts, cut at a space where there is one, or are an error where `onTooLong` throws; in UTF-16 code units. */
  readonly maxLength?: number;
  readonly onTooLong?: (line: number) => never;
}

export interface Lines {
  readonly lines: readonly string[];
  /** Number of the first of them, from 1; parts of a long line count once. */
  readonly first: number;
}

/** The lines of a file, without their ends, some at a time: no more than a part of the file and one line are held. */
export async function* utf8Lines(path: string, { maxLength = 65_536, onTooLong, ...options }: LineOptions = {}): AsyncGenerator<Lines> {
  let rest = '';
  let first = 1;
  for await (const text of utf8Parts(path, options)) {
    const ended = (rest + text).split('\n');
    const count = ended.length - 1;
    rest = ended.pop()!;
    const tooLong = onTooLong ? ended.findIndex((line) => line.length > maxLength) : -1;
    if (tooLong >= 0) onTooLong?.(first + tooLong);
    const lines = ended.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    while (rest.length > maxLength) {
      onTooLong?.(first + count);
      const space = rest.lastIndexOf(' ', maxLength);
      const cut = space > 0 ? space : /[\uD800-\uDBFF]/.test(rest[maxLength - 1]!) ? maxLength - 1 : maxLength;
      lines.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    if (lines.length > 0) yield { lines, first };
    first += count;
  }
  if (rest !== '') yield { lines: [rest.endsWith('\r') ? rest.slice(0, -1) : rest], first };
}
