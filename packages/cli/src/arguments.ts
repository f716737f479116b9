import { parseDuration } from '@hookline/lab';
import type { EngineName } from '@hookline/tfjs';
import { InvalidArgumentError } from 'commander';

/** A parser for `--flag N`: a whole number in a range. */
export const integer =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER ? `It must be a whole number, at least ${least}.` : `It must be a whole number from ${least} to ${most}.`,
      );
    }
    return value;
  };

/** A parser for `--flag X`: a number in a closed range. */
export const number =
  (least: number, most = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value) || value < least || value > most) {
      throw new InvalidArgumentError(
        most === Number.POSITIVE_INFINITY ? `It must be a number, at least ${least}.` : `It must be a number from ${least} to ${most}.`,
      );
    }
    return value;
  };

/** A parser for durations such as `90s`, `10m`, `1.5h` or `1h30m`, in seconds. */
export function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('It must be a duration such as 90s, 10m or 1.5h.');
  return seconds;
}

/** A parser for an amount of memory in megabytes, in bytes. */
export const megabytes = (text: string): number => 1e6 * number(1)(text);

const engines: readonly string[] = ['native', 'wasm', 'cpu'];

/** A parser for engines, separated by commas. */
export function engineList(text: string): readonly EngineName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  if (names.some((name) => !engines.includes(name))) throw new InvalidArgumentError(`It must be some of ${engines.join(', ')}, separated by commas.`);
  return names as EngineName[];
}

/** `a,b` as names; undefined where the flag is not given. */
export const namesOf = (list: string | undefined): readonly string[] | undefined => list?.split(',').map((name) => name.trim());
