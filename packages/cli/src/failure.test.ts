import { HooklineError } from '@hookline/core';
import { whileRunning } from '@hookline/lab';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, failureLine, Interrupted } from './failure.js';

const system = (code: string, path?: string): Error => Object.assign(new Error(`${code}: something`), { code, ...(path ? { path } : {}) });

describe('failures', () => {
  it.each([
    ['an input error', new HooklineError('HOOKLINE_CORPUS', 'no text in a.txt', { hint: 'give text' }), 2, '[HOOKLINE_CORPUS] no text in a.txt; give text'],
    ['the same while running', whileRunning(new HooklineError('HOOKLINE_NOT_FINITE', 'step 3: NaN')), 1, '[HOOKLINE_NOT_FINITE] step 3: NaN'],
    ['several lines', new HooklineError('HOOKLINE_HOOK', 'plugin:\n  bad\n'), 2, '[HOOKLINE_HOOK] plugin: bad'],
    ['an interrupt', new Interrupted('stopped after step 3'), 130, '[HOOKLINE_INTERRUPTED] stopped after step 3'],
    [
      'a full disk',
      system('ENOSPC', '/x/config.json'),
      1,
      '[HOOKLINE_DISK_FULL] there is no room left on the disk: /x/config.json; free some and run again, with --resume to go on from the last checkpoint',
    ],
    ['a forbidden file', system('EACCES', '/x'), 1, '[HOOKLINE_PERMISSION] not allowed to use /x; choose another place, or change its permissions'],
    ['a bug', new TypeError('x is\nundefined'), 1, '[HOOKLINE_INTERNAL] x is undefined; set HOOKLINE_DEBUG=1 to see where'],
    ['something that is no error', 'oh', 1, '[HOOKLINE_INTERNAL] oh; set HOOKLINE_DEBUG=1 to see where'],
    [
      'bad usage',
      new CommanderError(1, 'commander.unknownOption', "error: unknown option '--sed'\n(Did you mean --seed?)"),
      2,
      "[HOOKLINE_USAGE] unknown option '--sed'; did you mean '--seed'?",
    ],
    ['bad usage without a guess', new CommanderError(1, 'x', 'error: missing argument'), 2, '[HOOKLINE_USAGE] missing argument; see --help'],
    ['help', new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0, expect.any(String)],
  ])('%s', (_, error, code, line) => {
    expect(exitCodeOf(error)).toBe(code);
    expect(failureLine(error)).toEqual(line);
  });
});
