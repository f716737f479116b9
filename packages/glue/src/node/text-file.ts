import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { type Lines, utf8Lines, utf8Parts } from '@hookline/bert/node';
import { HooklineError } from '@hookline/core';
import { readWhole } from '@hookline/core/node';
import { dataError } from '../data/data-error.js';
import { readError } from './file-access.js';

/** No row of any task comes near it; in UTF-16 code units. */
export const maxRow = 2 ** 24;

/**
 * The lines of a file of examples, some at a time, without their ends.
 * @throws HooklineError `HOOKLINE_DATA` for a line beyond `maxRow`, a packed file, one that cannot be read; `HOOKLINE_PERMISSION`; `HOOKLINE_UTF8` with the line
 */
export const textLines = (file: string): AsyncGenerator<Lines> =>
  explained(
    file,
    utf8Lines(file, {
      maxLength: maxRow,
      onTooLong: (line) => {
        throw tooLong(file, line);
      },
    }),
  );

/** The text of a file of examples in parts. @throws HooklineError as `textLines`, but for lengths */
export const textParts = (file: string): AsyncGenerator<string> => explained(file, utf8Parts(file));

/** That a row is longer than any is read. */
export const tooLong = (file: string, line: number): HooklineError => dataError({ file, line }, `is longer than ${maxRow} characters`);

async function* explained<T>(file: string, parts: AsyncGenerator<T>): AsyncGenerator<T> {
  refuseOther(file, await firstBytes(file));
  try {
    yield* parts;
  } catch (cause) {
    const code = cause instanceof HooklineError ? cause.code : undefined;
    if (code === 'HOOKLINE_CORPUS') throw readError(file, (cause as HooklineError).cause);
    if (code === 'HOOKLINE_UTF8') throw notUtf8(`${file}, line ${await brokenLine(file)}: is not UTF-8`, cause);
    throw cause;
  }
}

const notUtf8 = (message: string, cause?: unknown) =>
  new HooklineError('HOOKLINE_UTF8', message, { hint: 'convert the file to UTF-8, e.g. with iconv', cause });

/** The first four bytes of a file as Latin-1, fewer of a shorter one. */
async function firstBytes(path: string): Promise<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw readError(path, cause);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (cause) {
    throw readError(path, cause);
  } finally {
    await file.close();
  }
}

/** Tells packed files and UTF-16 by how they begin. */
function refuseOther(file: string, start: string): void {
  if (start.startsWith('\x1F\x8B')) throw dataError({ file }, 'is packed by gzip', 'unpack it');
  if (start === 'PK\x03\x04') throw dataError({ file }, 'is a ZIP archive or a workbook', 'unpack it, or save the table as CSV');
  if (start.startsWith('\xFF\xFE') || start.startsWith('\xFE\xFF') || start.includes('\0')) throw notUtf8(`${file} is not UTF-8: it begins as UTF-16 does`);
}

/** Number of the first line that is not UTF-8, from 1: a line break is no part of any sequence. */
async function brokenLine(file: string): Promise<number> {
  const bytes = await readWhole(file);
  for (let line = 1, at = 0; ; line++) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || !isUtf8(bytes.subarray(at, end))) return line;
    at = end + 1;
  }
}
