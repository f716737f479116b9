import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, listen, type OpenPage, openFolder } from './chromium.js';
import type { Entries } from './entries.js';
import { trainMlp } from './train-mlp.js';

declare const hookline: Entries;

const tfjsFolder = join(import.meta.dirname, '..', '..', 'packages', 'tfjs');
let folder: string;
let opened: OpenPage;

async function buildEntries(outdir: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'entries.ts')],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir,
    logLevel: 'error',
  });
  const wasm = dirname(createRequire(join(tfjsFolder, 'package.json')).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) cpSync(join(wasm, name), join(outdir, 'wasm', name));
  writeFileSync(join(outdir, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="entries.js"></script>');
}

const loaded = (page: OpenPage['page']): Promise<unknown> => page.waitForFunction(() => 'hookline' in globalThis);

describe.skipIf(!chromiumPath)('in a browser', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hookline-entries-'));
    await buildEntries(folder);
    opened = await openFolder(folder);
    await loaded(opened.page);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('core and pld-plugin train as in Node, and a run that a reload interrupts ends as one that was not', async () => {
    const { page } = opened;
    const whole = await page.evaluate(() => hookline.trainMlp());
    const inNode = await trainMlp();
    expect(whole).toHaveLength(20);
    for (const [i, loss] of whole.entries()) expect(loss).toBeCloseTo(inNode[i]!, 10); // Math.tanh may differ in its last digit
    const before = await page.evaluate(() => hookline.trainMlp('mlp', 7));
    await page.reload();
    await loaded(page);
    expect([...before, ...(await page.evaluate(() => hookline.trainMlp('mlp')))]).toEqual(whole);
    expect(await page.evaluate(() => hookline.browser.indexedDbStore({ name: 'mlp' }).names())).toEqual(['step-00000015', 'step-00000020']);
  });

  it('the engines that there are compute the same, with gradients', async () => {
    const gradients = await opened.page.evaluate(async () => {
      const { tfjs, tf } = hookline;
      const gradientsOn = async (name: 'wasm' | 'cpu') => {
        await tfjs.loadEngine(name, { wasmPaths: '/wasm/' });
        const x = tf.tensor2d([0.5, -1, 2, 0.25], [2, 2]);
        const f = (y: ReturnType<typeof tf.tensor2d>) => tf.sum(tf.mul(tfjs.gelu(tf.matMul(y, y)), tf.softmax(y)));
        return Array.from(await (tf.grad(f as never)(x) as typeof x).data());
      };
      return { wasm: await gradientsOn('wasm'), cpu: await gradientsOn('cpu') };
    });
    expect(gradients.wasm).toHaveLength(4);
    for (const [i, value] of gradients.wasm.entries()) expect(value).toBeCloseTo(gradients.cpu[i]!, 5);
  });

  it('the engine is wasm by itself, and native is refused with what to do', async () => {
    const [chosen, refusal] = await opened.page.evaluate(async () => {
      const { loadEngine } = hookline.tfjs;
      const native = await loadEngine('native').catch((error) => error.code as string);
      return [await loadEngine('auto', { wasmPaths: '/wasm/' }), native] as const;
    });
    expect(chosen).toMatchObject({ name: 'wasm', device: 'WebAssembly with SIMD, 1 thread', reason: expect.stringContaining('it needs Node') });
    expect(refusal).toBe('HOOKLINE_ENGINE_MISSING');
  });

  it('bert and glue have what they export', async () => {
    const found = await opened.page.evaluate(() => {
      const { bert, glue } = hookline;
      const tokenizer = bert.trainWordPiece(['the state of the union is the state of the union'], { vocabSize: 250 });
      return { pieces: tokenizer.vocabSize > 100, tasks: Object.keys(glue).length > 10 };
    });
    expect(found).toEqual({ pieces: true, tasks: true });
  });

  describe('the store', () => {
    const save = (page: OpenPage['page'], name: string, step: number, length: number): Promise<string> =>
      page.evaluate(
        async ([run, at, size]) => {
          const store = hookline.browser.indexedDbStore({ name: run, keep: 2 });
          const tensors = { w: { shape: [size], data: Float32Array.from({ length: size }, (_, i) => (i === 0 ? at : Math.random())) } };
          return store.save({ step: at, position: at, tensors, plugins: {}, config: {}, metrics: {} }).then(
            () => 'saved',
            (error) => `${error.code}`,
          );
        },
        [name, step, length] as const,
      );
    const state = (page: OpenPage['page'], name: string) =>
      page.evaluate(async (run) => {
        const warnings: string[] = [];
        const store = hookline.browser.indexedDbStore({ name: run, onWarning: (message) => void warnings.push(message) });
        const newest = await store.load();
        const sound = newest?.tensors['w']?.data[0] === newest?.step;
        return { names: await store.names(), step: newest?.step, sound, warnings };
      }, name);

    it('says when the browser grants no more space, and keeps what there was', async () => {
      const { url } = opened;
      const context = await opened.page.context().browser()!.newContext(); // of its own, since a browser remembers for a while what space there was
      const page = await context.newPage();
      await page.goto(url);
      await loaded(page);
      const session = await context.newCDPSession(page);
      await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(url).origin, quotaSize: 1_000_000 });
      expect(await save(page, 'quota', 1, 1000)).toBe('saved');
      expect(await save(page, 'quota', 2, 1_000_000)).toBe('HOOKLINE_DISK_FULL');
      expect(await state(page, 'quota')).toEqual({ names: ['step-00000001'], step: 1, sound: true, warnings: [] });
      // what the refused one took is given back by and by
      await expect.poll(() => save(page, 'quota', 2, 1000), { timeout: 20_000, interval: 200 }).toBe('saved');
      await context.close();
    });

    it('has the old state or the new after a tab was closed in a write', async () => {
      const { page, url, complaints } = opened;
      expect(await save(page, 'closed', 1, 2_000_000)).toBe('saved');
      for (const [i, wait] of [0, 5, 20, 60, 150].entries()) {
        const tab = await page.context().newPage();
        listen(tab, complaints);
        await tab.goto(url);
        await loaded(tab);
        void save(tab, 'closed', i + 2, 2_000_000).catch(() => {});
        await tab.waitForTimeout(wait);
        await tab.close();
        const { step, sound, warnings } = await state(page, 'closed');
        expect({ sound, warnings }).toEqual({ sound: true, warnings: [] });
        expect(step).toBeLessThanOrEqual(i + 2);
      }
    });

    it('is one for two tabs that save at the same time', async () => {
      const { page, url } = opened;
      const tab = await page.context().newPage();
      await tab.goto(url);
      await loaded(tab);
      const saves = [1, 2, 3, 4].map((step) => save(step % 2 === 0 ? page : tab, 'shared', step, 100_000));
      expect(await Promise.all(saves)).toEqual(['saved', 'saved', 'saved', 'saved']);
      await tab.close();
      const { names, sound } = await state(page, 'shared');
      expect([names.length, sound]).toEqual([2, true]);
    });
  });

  it('nothing complains', () => {
    expect(opened.complaints).toEqual([]);
  });
});
