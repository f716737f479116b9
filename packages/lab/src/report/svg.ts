import type { Config, TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './escape.js';

const font = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Inter, Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Thin, quiet axes in the page's own colours. */
const config: Config = {
  background: 'transparent',
  font,
  view: { stroke: null },
  axis: {
    labelColor: 'var(--soft)',
    labelFontSize: 11,
    titleColor: 'var(--soft)',
    titleFontSize: 11.5,
    titleFontWeight: 500,
    titlePadding: 8,
    domainColor: 'var(--line)',
    tickColor: 'var(--line)',
    gridColor: 'var(--grid)',
    tickSize: 4,
    labelPadding: 5,
  },
  axisX: { grid: false },
  axisY: { domain: false, ticks: false },
};

/**
 * A Vega-Lite specification as an SVG text that scales with its container, with a description for screen readers.
 * Drawn without a canvas: text widths are estimated, which the specifications leave room for.
 * @param description what the chart shows, in words
 */
export async function renderSvg(spec: TopLevelSpec, description: string): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]); // only when a report is drawn: they take a while to load
  const view = new vega.View(vega.parse(compile(spec, { config }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const label = escapeHtml(description);
  const bare = svg.replace(/ (?:aria-label|aria-roledescription|aria-hidden|font-family|xmlns:xlink)="[^"]*"/g, '').replace(/ role="graphics-[a-z]+"/g, '');
  return separateIds(bare).replace(/^<svg /, `<svg role="img" aria-label="${label}" font-family="${font}" `);
}

/** Vega numbers clip paths through a process; on a page they must differ, and the same chart give the same text: numbered anew, with a hash (FNV-1a). */
function separateIds(svg: string): string {
  const names: string[] = [...new Set([...svg.matchAll(/id="(clip\d+)"/g)].map((match) => match[1]!))];
  const numbered = svg.replace(/(id="|url\(#)(clip\d+)/g, (_, lead: string, name: string) => `${lead}c${names.indexOf(name)}-`);
  let hash = 0x811c9dc5;
  for (let i = 0; i < numbered.length; i++) hash = Math.imul(hash ^ numbered.charCodeAt(i), 0x01000193);
  return numbered.replace(/(id="|url\(#)(c\d+-)/g, `$1$2${(hash >>> 0).toString(36)}`);
}

/** Width and height of an SVG that `renderSvg` made, in pixels. */
export function svgSize(svg: string): { readonly width: number; readonly height: number } {
  const box = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  return { width: Number(box?.[1] ?? 0), height: Number(box?.[2] ?? 0) };
}
