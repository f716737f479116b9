// How smoothly the page of examples/browser draws while it trains, in a worker and in its own thread; `--screenshot FILE` keeps the page with both runs done.
// usage, after `tsc -b`: node test/browser/frames.mjs [--steps 300] [--screenshot docs/browser.png]; HOOKLINE_CHROMIUM names the browser
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { buildPage } from '../../examples/browser/dist/build.js';
import { serveFolder } from '../../examples/browser/dist/static-server.js';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '300' }, screenshot: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'hookline-frames-'));
await buildPage(folder);
const server = await serveFolder(folder);
const browser = await chromium.launch({ executablePath: process.env.HOOKLINE_CHROMIUM ?? '/usr/bin/chromium' });

const button = (page, label) => page.waitForFunction((wanted) => document.getElementById('go').textContent === wanted, label, { timeout: 600_000 });
const train = async (page) => {
  await button(page, 'Start');
  await page.evaluate(() => {
    window.gaps = [];
    let last = performance.now();
    const note = (now) => {
      window.gaps.push(now - last);
      last = now;
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  await page.click('#go');
  await button(page, 'Done');
  return page.evaluate(() => window.gaps.slice(1));
};

const round = (value) => (value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`);
console.log(`Chromium ${browser.version()}`);
for (const thread of ['worker', 'page']) {
  const page = await (await browser.newContext({ viewport: { width: 1120, height: 1000 } })).newPage();
  await page.goto(`${server.url}?steps=${thread === 'worker' ? values.steps : 60}${thread === 'page' ? '&thread=page' : ''}`);
  const gaps = await train(page);
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000;
  console.log(
    `trained in the ${thread}: ${(gaps.length / seconds).toFixed(1)} frames a second; gaps: median ${round(at(0.5))}, 95 % ${round(at(0.95))}, longest ${round(sorted.at(-1))}`,
  );
  if (thread === 'worker' && values.screenshot) {
    await page.click('.switch');
    await train(page);
    await page.screenshot({ path: values.screenshot, fullPage: true });
  }
  await page.context().close();
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });
