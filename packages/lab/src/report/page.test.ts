import { beforeAll, describe, expect, it } from 'vitest';
import { sampleReport } from '../../test/sample-report.js';
import { renderReport } from './page.js';
import { renderPicture } from './picture.js';

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

describe('renderReport', () => {
  let html = '';
  beforeAll(async () => {
    html = await renderReport(sampleReport());
  });

  it('asks for nothing from outside', () => {
    const references = [...html.matchAll(/(?:src|href|xlink:href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map((match) => match[1]!);
    expect(references.filter((reference) => !reference.startsWith('#'))).toEqual([]);
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|\/\/[a-z]|@import|<script|<link|<iframe/);
  });

  it('escapes every text that it was given', () => {
    expect(html).toContain('PreLN + &lt;PLD&gt;');
    expect(html).toContain('27 % &amp; cost nothing');
    expect(html).toContain('as &quot;sample&quot; says');
    expect(html).not.toContain('<PLD>');
  });

  it('has a chart for loss by steps and by time, theta, active blocks, heat map and parts, each described in words', () => {
    expect(count(html, /<figure/g)).toBe(6);
    const labels = [...html.matchAll(/<svg[^>]* role="img" aria-label="([^"]+)"|<svg role="img" aria-label="([^"]+)"/g)].map((match) => match[1] ?? match[2]!);
    expect(labels).toHaveLength(6);
    expect(labels[0]).toContain('against steps');
    expect(labels[1]).toContain('against training time, seconds');
    expect(labels[0]).toContain('unigram entropy: 5.980');
    expect(labels[4]).toMatch(/Share of steps: block 1 \d+ %, block 2/);
    expect(labels[5]).toContain('PreLN: 100 ms');
  });

  it('shows a summary table, headlines, notes, machine and the numbers behind the charts', () => {
    expect(count(html, /class="tile"/g)).toBe(3);
    expect(html).toContain('<td>5.73</td>');
    expect(html).toContain('imaginary, 2 cores');
    expect(count(html, /<tr><th scope="row">PreLN<\/th>/g)).toBe(5);
    expect(html).toContain('2026-01-02 03:04 UTC');
  });

  it('is well formed: every element is closed in order, and no id occurs twice', () => {
    const open: string[] = [];
    for (const [, end, name, attributes] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
      if (['meta', 'br'].includes(name!) || attributes!.endsWith('/')) continue;
      if (end) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives the same bytes for the same report', async () => {
    expect((await renderReport(sampleReport())) === html).toBe(true);
  });

  it('holds with nothing measured yet', async () => {
    const empty = await renderReport({ ...sampleReport(), variants: [], references: [], headlines: [], tables: [], notes: [] });
    expect(empty).toContain('</html>');
    expect(empty).not.toContain('NaN');
  });

  it('leaves non-finite losses out of the charts', async () => {
    const report = sampleReport();
    const [first, ...rest] = report.variants;
    const broken = { ...first!, curve: first!.curve.map((point, i) => (i > 30 ? { ...point, loss: Number.NaN } : point)) };
    expect(await renderReport({ ...report, variants: [broken, ...rest] })).not.toMatch(/[MLC]-?NaN|,NaN/);
  });
});

describe('renderPicture', () => {
  it('is one SVG with headline numbers, loss charts and heat map, and asks for nothing from outside', async () => {
    const svg = await renderPicture(sampleReport());
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" role="img"/);
    expect(svg).toContain('27.1 %');
    expect(count(svg, /<svg /g)).toBe(4);
    expect(svg.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
  });
});
