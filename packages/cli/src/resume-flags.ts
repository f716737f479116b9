import { HooklineError } from '@hookline/core';
import type { PretrainConfig } from '@hookline/lab';

/** Flags that may stand beside `--resume`. */
const allowed = new Set(['resume', 'engine', 'json']);

/**
 * A resumed run goes on under the configuration that it began with; another engine is all that may be chosen.
 * @throws HooklineError `HOOKLINE_USAGE` naming a flag that would change the run
 */
export function resumeFlags(flags: { readonly engine?: string }): { readonly engine?: PretrainConfig['engine'] } {
  const other = Object.keys(flags).find((key) => !allowed.has(key) && flags[key as keyof typeof flags] !== undefined);
  if (other !== undefined) {
    const flag = `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new HooklineError('HOOKLINE_USAGE', `${flag} cannot be given beside --resume`, {
      hint: 'a resumed run goes on as it began; leave the flag out, or start a new run',
    });
  }
  return flags.engine === undefined ? {} : { engine: flags.engine as PretrainConfig['engine'] };
}
