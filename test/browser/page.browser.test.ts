import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from '../../examples/browser/build.js';
import { chromiumPath, type OpenPage, openFolder } from './chromium.js';

const steps = 36;
let folder: string;
let opened: OpenPage;

const labelled = (text: string): Promise<unknown> =>
  opened.page.waitForFunction(
    (label) => document.getElementById('go')!.textContent === label && !(document.getElementById('go') as HTMLButtonElement).disabled,
    text,
  );
const done = (): Promise<unknown> => opened.page.waitForFunction(() => document.getElementById('go')!.textContent === 'Done');
const reached = (step: number): Promise<unknown> => opened.page.waitForFunction((least) => document.querySelector('progress')!.value >= least, step);
const text = (id: string): Promise<string | null> => opened.page.textContent(`#${id}`);

/** The checkpoint of a run as IndexedDB has it: its step, the checksum of all weights and moments, and the curve. */
function saved(lane: string): Promise<{ step: number; sha256: string; losses: number[]; active: boolean[][] }> {
  return opened.page.evaluate(async (name) => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
    });
    const texts = await new Promise<string[]>((resolve) => {
      const request = database.transaction('manifests').objectStore('manifests').getAll();
      request.onsuccess = () => resolve(request.result);
    });
    database.close();
    const manifest = JSON.parse(texts.at(-1)!);
    const points = manifest.plugins.curve.state as { loss: number; active: boolean[] }[];
    const { sha256 } = manifest.files['model.safetensors'];
    return { step: manifest.step, sha256, losses: points.map((point) => point.loss), active: points.map((point) => point.active) };
  }, `hookline:sotu, ${lane}, ${steps} steps`);
}

/** How many pixels of a chart have a colour of the page. */
const pixels = (chart: string, variable: string): Promise<number> =>
  opened.page.evaluate(
    ([id, name]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`#${id} canvas`)!;
      const hex = getComputedStyle(document.documentElement).getPropertyValue(name!).trim();
      const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 200 && wanted.every((value, c) => Math.abs(data[i + c]! - value) < 12)) count++;
      return count;
    },
    [chart, variable],
  );

describe.skipIf(!chromiumPath)('the page', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hookline-page-'));
    await buildPage(folder);
    opened = await openFolder(folder, `?steps=${steps}`);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('trains, stops and goes on after a reload, by the keyboard, and ends as a run that was never stopped, bit for bit', async () => {
    const { page } = opened;
    await labelled('Start');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await reached(8);
    await page.keyboard.press('Space');
    await labelled('Resume');
    const stopped = await saved('dropping');
    expect(stopped.losses).toHaveLength(stopped.step);
    expect(stopped.step).toBeGreaterThanOrEqual(8);
    expect(stopped.step).toBeLessThan(steps);
    expect(await text('status')).toContain(`Stopped after step ${stopped.step}`);

    await page.reload();
    await labelled('Resume');
    expect(await text('count')).toBe(`step ${stopped.step} of ${steps}`);
    await page.click('#go');
    await page.waitForFunction((step) => document.getElementById('status')!.textContent!.includes(`from step ${step} on`), stopped.step);
    await done();
    const resumed = await saved('dropping');
    expect(resumed.step).toBe(steps);

    await page.click('#forget');
    await labelled('Start');
    expect(await text('count')).toBe(`step 0 of ${steps}`);
    await page.click('#go');
    await done();
    expect(await saved('dropping')).toEqual(resumed);
    expect(resumed.losses.slice(0, stopped.step)).toEqual(stopped.losses);

    const mean = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(mean(resumed.losses.slice(-6))).toBeLessThan(mean(resumed.losses.slice(0, 6)) - 0.3);
    expect(resumed.active.flat().filter((ran) => !ran).length).toBeGreaterThan(10);
  });

  it('draws both curves, in light and in dark', async () => {
    const { page } = opened;
    await page.focus('#dropping');
    await page.keyboard.press('Space');
    await labelled('Start');
    await page.click('#go');
    await done();
    expect((await saved('dense')).active.flat().every((ran) => ran)).toBe(true);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const chart of ['loss', 'time', 'theta', 'active']) {
        await expect.poll(() => pixels(chart, '--dropping'), { message: `${chart}, ${colorScheme}` }).toBeGreaterThan(50);
        await expect.poll(() => pixels(chart, '--dense'), { message: `${chart}, ${colorScheme}` }).toBeGreaterThan(50);
      }
      await page.screenshot({ path: `reports/page-${colorScheme}.png`, fullPage: true });
    }
    expect(await page.getAttribute('#loss', 'aria-label')).toMatch(/^After 36 steps with layer dropping \d\.\d\d, after 36 without \d\.\d\d\.$/);
    await page.click('summary');
    await expect.poll(() => page.locator('#numbers tr').count()).toBe(steps);
  });

  it('stops one run where the other is chosen, and begins that', async () => {
    const { page } = opened;
    await page.click('#forget'); // the run without dropping
    await labelled('Start');
    await page.click('.switch');
    await page.click('#forget');
    await labelled('Start');
    await page.click('.switch');
    await page.click('#go');
    await reached(2);
    await page.click('.switch');
    await page.waitForFunction(() => document.getElementById('status')!.textContent === 'Training with layer dropping');
    await reached(1);
    await page.click('#go');
    await labelled('Resume');
    for (const lane of ['dropping', 'dense']) expect((await saved(lane)).step).toBeLessThan(steps);
  });

  it('fits a narrow screen', async () => {
    await opened.page.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });

  it('has nothing to complain of', () => {
    expect(opened.complaints).toEqual([]);
  });
});
