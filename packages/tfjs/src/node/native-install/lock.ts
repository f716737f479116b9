import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** Called once, when another process holds the lock. */
  readonly onWait?: (holder: string) => void;
  /** A lock that its holder has not touched for so long is taken over, in ms. */
  readonly staleAfter?: number;
  /** How often the holder touches it, in ms. */
  readonly beat?: number;
  /** How often a waiting process looks, in ms. */
  readonly poll?: number;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const own = (): Holder => ({ pid: process.pid, host: hostname(), token: randomUUID() });

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isDead({ pid, host }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function isStale(path: string, staleAfter: number): Promise<boolean> {
  const touched = await stat(path).catch(() => undefined);
  if (touched === undefined) return false;
  if (Date.now() - touched.mtimeMs > staleAfter) return true;
  const holder = await holderOf(path);
  return holder !== undefined && isDead(holder);
}

/** Creates the lock's file, or answers false where it is there already. */
async function acquire(path: string, holder: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(holder));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Runs `f` while no other process that asks for the same lock does; a second process waits for the first. The lock of a process that died, or that
 * was not touched for `staleAfter`, is taken over. A lock only spares double work: two that held it at once would still not harm each other,
 * for what they make is made aside and renamed.
 */
export async function withLock<A>(path: string, f: () => Promise<A>, { onWait, staleAfter = 60_000, beat = 5_000, poll = 500 }: LockOptions = {}): Promise<A> {
  await mkdir(dirname(path), { recursive: true });
  const holder = own();
  let waited = false;
  while (!(await acquire(path, holder))) {
    if (await isStale(path, staleAfter)) {
      const aside = `${path}.${holder.token}`;
      await rename(path, aside).catch(() => undefined);
      await rm(aside, { force: true });
      continue;
    }
    if (!waited) {
      const other = await holderOf(path);
      onWait?.(other ? `process ${other.pid} on ${other.host}` : 'another process');
      waited = true;
    }
    await sleep(poll);
  }
  const heart = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), beat);
  try {
    return await f();
  } finally {
    clearInterval(heart);
    if ((await holderOf(path))?.token === holder.token) await rm(path, { force: true });
  }
}
