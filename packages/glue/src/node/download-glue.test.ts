import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { glueTasks } from '../tasks/glue-tasks.js';
import { downloadGlue } from './download-glue.js';
import { readGlue } from './read-glue.js';

const fixtures = join(import.meta.dirname, '../../test/fixtures/glue-parquet');
const tree = '/api/datasets/nyu-mll/glue/tree/main/';
const resolve = '/datasets/nyu-mll/glue/resolve/main/';

interface Listed {
  readonly type: 'file';
  readonly path: string;
  readonly size: number;
  readonly lfs?: { readonly oid: string };
}
const listed = (config: string): Listed[] =>
  readdirSync(join(fixtures, config)).map((name) => {
    const bytes = readFileSync(join(fixtures, config, name));
    return { type: 'file', path: `${config}/${name}`, size: bytes.length, lfs: { oid: createHash('sha256').update(bytes).digest('hex') } };
  });

let data = '';
let server: Server;
let endpoint = '';
let requests: string[] = [];
/** What the server does with a path, in place of what the hub does. */
let instead: Record<string, (response: ServerResponse) => void> = {};

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'hookline-download-'));
  requests = [];
  instead = {};
  server = createServer((request, response) => {
    const path = request.url!;
    requests.push(path);
    const other = instead[path];
    if (other) return other(response);
    if (path.startsWith(tree)) return void response.end(JSON.stringify(listed(path.slice(tree.length))));
    if (path.startsWith(resolve)) return void response.end(readFileSync(join(fixtures, path.slice(resolve.length))));
    return void response.writeHead(404).end();
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((done) => void server.close(done));
  rmSync(data, { recursive: true, force: true });
});

const download = (...tasks: (keyof typeof glueTasks)[]) => downloadGlue({ data, endpoint, tasks: tasks.map((name) => glueTasks[name]) });
const dev = 'rte/validation-00000-of-00001.parquet';
const nothingOf = (file: string): void => {
  expect(existsSync(join(data, file))).toBe(false);
  expect(readdirSync(join(data, 'rte')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
};

describe('downloadGlue', () => {
  it('fetches the shards of every set, and no second time', async () => {
    const fetched = await download('sst2', 'rte');
    expect(fetched).toHaveLength(7); // sst2's training set has two
    for (const task of ['sst2', 'rte']) {
      for (const split of ['train', 'dev', 'test']) expect((await readGlue({ task, split, data })).examples.length).toBeGreaterThan(2);
    }
    requests = [];
    expect(await download('sst2', 'rte')).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('fetches the one shard that is missing', async () => {
    await download('sst2');
    rmSync(join(data, 'sst2/train-00001-of-00002.parquet'));
    expect(await download('sst2')).toEqual([join(data, 'sst2/train-00001-of-00002.parquet')]);
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['of the right size, and damaged inside', (bytes: Buffer) => bytes.fill(0, 4, 200)],
  ])('fetches anew a shard that is %s, and no other', async (_, damage) => {
    await download('rte');
    const path = join(data, dev);
    const right = readFileSync(path);
    writeFileSync(path, damage(Buffer.from(right)));
    expect(await download('rte')).toEqual([path]);
    expect(readFileSync(path)).toEqual(right);
  });

  it('leaves an official file as it is, be it damaged', async () => {
    mkdirSync(join(data, 'RTE'));
    writeFileSync(join(data, 'RTE/dev.tsv'), 'nonsense');
    expect(await download('rte')).not.toContain(join(data, dev));
    expect(readFileSync(join(data, 'RTE/dev.tsv'), 'utf8')).toBe('nonsense');
  });

  it('takes the address of a server with a slash behind it, and refuses what is none', async () => {
    endpoint += '/';
    expect(await download('rte')).toHaveLength(3);
    expect(requests[0]).toBe(`${tree}rte`);
    for (endpoint of ['hub.local', 'localhost:80', 'ftp://hub.local'])
      await expect(download('cola')).rejects.toMatchObject({
        code: 'HOOKLINE_DOWNLOAD',
        message: `'${endpoint}' is no address of a server; check HF_ENDPOINT: it begins with https:// or http://`,
      });
  });

  it('takes an empty HF_ENDPOINT for none', async () => {
    vi.stubEnv('HF_ENDPOINT', '');
    vi.stubGlobal('fetch', (url: string) => Promise.reject(new Error(`not to be reached: ${url}`)));
    await expect(downloadGlue({ data, tasks: [glueTasks.rte] })).rejects.toThrow(/huggingface\.co cannot be reached/);
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it('refuses a file in place of the folder, before anything is asked for', async () => {
    rmSync(data, { recursive: true });
    writeFileSync(data, '');
    await expect(download('rte')).rejects.toThrow(/is a file, not a folder/);
    expect(requests).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void, string, RegExp]>([
    [
      '404',
      (response) => void response.writeHead(404).end(),
      'HOOKLINE_DOWNLOAD',
      /rte\/validation-00000-of-00001\.parquet answers 404 Not Found; fetch the files/,
    ],
    [
      'another file',
      (response) => void response.end(Buffer.alloc(readFileSync(join(fixtures, dev)).length)),
      'HOOKLINE_CHECKSUM',
      /is not the file listed: its SHA-256 is [0-9a-f]{64}, not/,
    ],
    ['a shorter file', (response) => void response.end('short'), 'HOOKLINE_CHECKSUM', /has 5 bytes instead of the \d+ listed; try again/],
    [
      'a connection that is cut off',
      (response) => {
        response.writeHead(200, { 'content-length': '100000' });
        response.write('some', () => response.socket?.end());
      },
      'HOOKLINE_DOWNLOAD',
      /the connection was cut off after [04] bytes; try again/,
    ],
  ])('leaves nothing of %s, and goes on from there', async (_, answer, code, message) => {
    instead = { [`${resolve}${dev}`]: answer };
    await expect(download('rte')).rejects.toThrow(message);
    await expect(download('rte')).rejects.toMatchObject({ code });
    nothingOf(dev);
    instead = {};
    expect(await download('rte')).toContain(join(data, dev));
  });

  it('tells of a server that cannot be reached, lists nothing, or is none of the hub', async () => {
    instead = { [`${tree}rte`]: (response) => void response.end('[]'), [`${tree}cola`]: (response) => void response.end('<html>') };
    await expect(download('rte')).rejects.toThrow(/nyu-mll\/glue lists no Parquet file of rte train/);
    await expect(download('cola')).rejects.toThrow(/answers with no list of files; check HF_ENDPOINT/);
    const closed = createServer();
    await new Promise<void>((done) => void closed.listen(0, '127.0.0.1', done));
    endpoint = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((done) => void closed.close(done));
    await expect(download('rte')).rejects.toThrow(
      /127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); fetch the files on another machine and copy them into the folder/,
    );
    expect(readdirSync(data)).toEqual([]);
  });
});
