import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A hub with one model, and what goes wrong with it. */
export interface HubSetting {
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Answers of a file break off after so many bytes, each time less often by one. */
  readonly cut?: Readonly<Record<string, { readonly after: number; times: number }>>;
  /** Files whose bytes are not those that are published. */
  readonly spoilt?: readonly string[];
  /** Files to which a range means nothing. */
  readonly whole?: readonly string[];
  /** Status of every answer. */
  readonly status?: number;
}

export const commit = '0123456789abcdef0123456789abcdef01234567';
const large = (path: string): boolean => path.endsWith('.safetensors');
const gitDigest = (bytes: Uint8Array): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const entry = (path: string, bytes: Uint8Array): object => ({
  type: 'file',
  path,
  size: bytes.length,
  oid: gitDigest(large(path) ? new TextEncoder().encode('pointer') : bytes),
  ...(large(path) ? { lfs: { oid: digest(bytes), size: bytes.length, pointerSize: 100 } } : {}),
});

function sendFile(setting: HubSetting, path: string, bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const probe = range?.[1] === '0' && range[2] === '0';
  const ranged = range !== null && (probe || !setting.whole?.includes(path));
  const [from, to] = ranged ? [Number(range[1]), range[2] === '' ? bytes.length - 1 : Number(range[2])] : [0, bytes.length - 1];
  const sent = setting.spoilt?.includes(path) ? bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)) : bytes;
  const part = sent.subarray(from, to + 1);
  response.writeHead(ranged ? 206 : 200, {
    ETag: `"${digest(bytes)}"`,
    'Content-Length': part.length,
    ...(ranged ? { 'Content-Range': `bytes ${from}-${to}/${bytes.length}` } : {}),
  });
  const cut = setting.cut?.[path];
  if (!cut || cut.times === 0 || probe) return void response.end(part);
  cut.times--;
  response.write(part.subarray(0, cut.after), () => setTimeout(() => response.destroy(), 20));
}

/** A hub on the loopback address with the model `someone/tiny`; `requests` lists what was asked of it, ranges besides. */
export async function hubServer(setting: HubSetting): Promise<{ readonly endpoint: string; readonly requests: string[]; close(): Promise<void> }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://loopback');
    requests.push(`${request.method} ${pathname}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    const json = (value: unknown): void => void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (setting.status !== undefined) return void response.writeHead(setting.status, { 'Content-Type': 'application/json' }).end('{"error":"no"}');
    const entries = Object.entries(setting.files).map(([path, bytes]) => entry(path, bytes));
    if (pathname === '/api/models/someone/tiny/revision/main') return json({ _id: '1', id: 'someone/tiny', sha: commit, lastModified: '2020-01-01' });
    if (pathname === `/api/models/someone/tiny/tree/${commit}`) return json(entries);
    const path = decodeURIComponent(pathname.split('/').at(-1)!);
    const bytes = setting.files[path];
    if (pathname.startsWith('/someone/tiny/resolve/') && bytes) return sendFile(setting, path, bytes, request, response);
    if (pathname !== `/api/models/someone/tiny/paths-info/${commit}`) return void response.writeHead(404).end();
    let body = '';
    request.on('data', (data: Buffer) => {
      body += data;
    });
    request.on('end', () => {
      const { paths } = JSON.parse(body) as { paths: string[] };
      json(paths.map((one) => ({ ...entry(one, setting.files[one]!), lastCommit: { id: commit, title: '', date: '2020-01-01' } })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}
