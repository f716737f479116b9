import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { serveFolder } from '../../examples/browser/static-server.js';

const onPath = (name: string): string[] => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));

/** The browser of these tests: the one that `HOOKLINE_CHROMIUM` names, else one on the PATH. Nothing is downloaded. */
export const chromiumPath: string | undefined = [
  process.env['HOOKLINE_CHROMIUM'] ?? '',
  ...['chromium', 'chromium-browser', 'google-chrome'].flatMap(onPath),
].find((path) => path !== '' && existsSync(path));

/** A page of a folder in a browser of its own. */
export interface OpenPage {
  readonly page: Page;
  readonly url: string;
  /** What the page, and its workers, wrote to the console as a warning or an error, and what they threw. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** Notes whatever a page complains of. */
export function listen(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`));
}

/** Serves a folder on this machine and opens its `index.html` in headless Chromium. */
export async function openFolder(folder: string, query = ''): Promise<OpenPage> {
  const server = await serveFolder(folder);
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath! });
  const context = await browser.newContext({ viewport: { width: 1120, height: 1000 } });
  context.setDefaultTimeout(200_000); // a busy machine is slow
  const page = await context.newPage();
  const complaints: string[] = [];
  listen(page, complaints);
  await page.goto(`${server.url}${query}`);
  return {
    page,
    url: server.url,
    complaints,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
