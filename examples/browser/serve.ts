import { join } from 'node:path';
import { buildPage } from './build.js';
import { serveFolder } from './static-server.js';

const folder = join(import.meta.dirname, 'page');
await buildPage(folder);
const { url } = await serveFolder(folder, Number(process.env['PORT'] ?? 8080));
console.log(`${url} (Ctrl-C ends it)`);
