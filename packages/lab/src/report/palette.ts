import type { ReportVariant } from './types.js';

/** Colour-blind-safe hues (after Okabe and Ito), each for a light and a dark page. */
const hues: readonly (readonly [light: string, dark: string])[] = [
  ['#0b6bcb', '#5db0ff'],
  ['#c2510c', '#ff9a52'],
  ['#00805f', '#3ecf9f'],
  ['#a3378f', '#ee8bd9'],
  ['#8a6500', '#e3bf45'],
  ['#5a4fcf', '#a9a2ff'],
];
const grey = ['#7b8494', '#8d97a8'] as const;

/** Dash patterns and point shapes, so that colour is never the only sign. */
const dashes: readonly (readonly number[])[] = [[], [7, 3], [2.5, 2.5], [9, 3, 2, 3], [12, 4], [1.5, 3]];
const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'] as const;

/** How a variant is drawn: the same in every chart, table and legend. */
export interface VariantStyle {
  readonly name: string;
  /** A CSS variable, defined by `paletteCss`. */
  readonly color: string;
  readonly dash: readonly number[];
  readonly shape: string;
  readonly control: boolean;
}

/** A style for each variant, by its place in the list; controls are grey. */
export function variantStyles(variants: readonly ReportVariant[]): readonly VariantStyle[] {
  let contender = 0;
  return variants.map((variant): VariantStyle => {
    if (variant.control) return { name: variant.name, color: 'var(--control)', dash: [4, 3], shape: 'cross', control: true };
    const place = contender++ % hues.length;
    return { name: variant.name, color: `var(--v${place})`, dash: dashes[place]!, shape: shapes[place]!, control: false };
  });
}

const variables = (side: 0 | 1, rest: string): string => `${hues.map((hue, i) => `--v${i}:${hue[side]}`).join(';')};--control:${grey[side]};${rest}`;

const light =
  '--page:#f6f7f9;--card:#ffffff;--ink:#161b26;--soft:#566072;--line:#dfe3ea;--grid:#e9ecf1;--accent:#0b6bcb;--p0:#94a3b8;--p1:#0b6bcb;--p2:#00805f;--p3:#cbd2dc';
const dark =
  '--page:#0e1116;--card:#161b23;--ink:#e9edf4;--soft:#9aa6b8;--line:#2a323e;--grid:#222a35;--accent:#5db0ff;--p0:#64748b;--p1:#5db0ff;--p2:#3ecf9f;--p3:#3b4555';

/** The colours as CSS variables on a selector, for light and dark pages. */
export const paletteCss = (selector: string): string =>
  `${selector}{${variables(0, light)};color-scheme:light dark}@media (prefers-color-scheme:dark){${selector}{${variables(1, dark)}}}`;
