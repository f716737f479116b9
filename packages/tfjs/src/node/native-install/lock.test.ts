import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-lock-'));
  path = join(folder, 'deep', '.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const quick = { poll: 5 };
const holder = (more: object): string => JSON.stringify({ pid: process.pid, host: hostname(), token: 'other', ...more });

describe('withLock', () => {
  it('runs one at a time, and leaves nothing', async () => {
    let inside = 0;
    let most = 0;
    const work = () =>
      withLock(
        path,
        async () => {
          most = Math.max(most, ++inside);
          await sleep(10);
          inside--;
        },
        quick,
      );
    await Promise.all([work(), work(), work()]);
    expect(most).toBe(1);
    expect(readdirSync(join(folder, 'deep'))).toEqual([]);
  });

  it('tells once whom it waits for, and waits until the lock is gone', async () => {
    await withLock(path, async () => undefined);
    writeFileSync(path, holder({}));
    const waits: string[] = [];
    const done = withLock(path, async () => 'done', { ...quick, onWait: (who) => waits.push(who) });
    await sleep(50);
    expect(waits).toEqual([`process ${process.pid} on ${hostname()}`]);
    rmSync(path);
    expect(await done).toBe('done');
    expect(waits).toHaveLength(1);
  });

  it('takes over the lock of a process that died', async () => {
    await withLock(path, async () => undefined);
    writeFileSync(path, holder({ pid: spawnSync('true').pid }));
    expect(await withLock(path, async () => 'done', quick)).toBe('done');
    expect(existsSync(path)).toBe(false);
  });

  it('takes over a lock of another machine only when it was not touched for long', async () => {
    await withLock(path, async () => undefined);
    writeFileSync(path, holder({ host: 'elsewhere', pid: 1 }));
    let waited = false;
    const done = withLock(path, async () => 'done', { ...quick, onWait: () => (waited = true) });
    await sleep(30);
    expect(waited).toBe(true);
    utimesSync(path, new Date(0), new Date(0));
    expect(await done).toBe('done');
  });

  it('touches its lock while it works', async () => {
    let waited = false;
    let other: Promise<string> | undefined;
    const work = async (): Promise<void> => {
      utimesSync(path, new Date(0), new Date(0));
      while (statSync(path).mtimeMs === 0) await sleep(5);
      other = withLock(path, async () => 'late', { ...quick, staleAfter: 10_000, onWait: () => (waited = true) });
      while (!waited) await sleep(5);
    };
    await withLock(path, work, { beat: 10 });
    expect(await other).toBe('late');
  });

  it('is free again after an error, and does not delete a lock that became another one', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
    await withLock(path, async () => writeFileSync(path, holder({})));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ token: 'other' });
  });
});
