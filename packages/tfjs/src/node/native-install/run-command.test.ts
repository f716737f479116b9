import { describe, expect, it } from 'vitest';
import { essence, runCommand } from './run-command.js';

describe('runCommand', () => {
  it('answers with exit code and output', async () => {
    expect(await runCommand('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('answers 127 where there is no such program', async () => {
    expect((await runCommand('no-such-program', [])).code).toBe(127);
  });

  it('answers 128 where a signal ended it', async () => {
    expect((await runCommand('sh', ['-c', 'kill -9 $$'])).code).toBe(128);
  });
});

describe('essence', () => {
  const failed = (stderr: string) => ({ code: 1, stdout: '', stderr });

  it('prefers why the network failed to what was not found', () => {
    const text = "WARNING: Retrying after connection broken by 'ProxyError(...)'\nERROR: No matching distribution found for tensorflow-cpu==2.21.0";
    expect(essence(failed(text))).toBe("WARNING: Retrying after connection broken by 'ProxyError(...)'");
  });

  it('prefers errors to other lines, and the last lines to nothing', () => {
    expect(essence(failed('In file included from x.cc\nx.cc:1: error: no such thing\nnpm notice hello'))).toBe('x.cc:1: error: no such thing');
    expect(essence(failed('one\ntwo\nthree\n'))).toBe('two | three');
    expect(essence(failed(''))).toBe('it printed nothing');
  });
});
