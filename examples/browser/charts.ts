import uPlot from 'uplot';

/** A line of a chart; `color` is a CSS variable of the page. */
export interface Line {
  readonly color: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  /** Points without a line. */
  readonly points?: boolean;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  /** Last step of the x axis. */
  readonly steps: number;
  /** The y axis; default: what the data spans. */
  readonly range?: readonly [number, number];
  readonly digits?: number;
}

/** Values of each line by step; null where there is none. */
export type Columns = readonly (readonly (number | null)[])[];

export interface Chart {
  /** Shows the values, and says them in words to those who do not see the chart. */
  draw(columns: Columns, words: string): void;
}

const dark = matchMedia('(prefers-color-scheme: dark)');

/** A line chart over steps that fills an element, and follows its size and the page's colours. */
export function createChart(host: HTMLElement, { lines, steps, range, digits = 0 }: ChartOptions): Chart {
  const xs = Array.from({ length: steps }, (_, i) => i + 1);
  let latest: uPlot.AlignedData = [xs, ...lines.map(() => xs.map(() => null))];
  let plot: uPlot | undefined;

  const options = (): uPlot.Options => {
    const css = getComputedStyle(document.documentElement);
    const color = (variable: string): string => css.getPropertyValue(variable).trim();
    const axis = {
      stroke: color('--soft'),
      font: '12px ui-sans-serif, system-ui, sans-serif',
      grid: { stroke: color('--grid'), width: 1 },
      ticks: { show: false },
    };
    return {
      width: host.clientWidth,
      height: host.clientHeight,
      padding: [10, 14, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, range: [1, steps] }, ...(range ? { y: { range: [...range] } } : {}) },
      axes: [
        { ...axis, size: 30, space: 60 },
        { ...axis, size: 46, space: 36, values: (_, ticks) => ticks.map((tick) => tick.toFixed(digits)) },
      ],
      series: [
        {},
        ...lines.map(
          (line): uPlot.Series => ({
            stroke: line.points ? 'transparent' : color(line.color),
            width: line.width ?? 2,
            ...(line.dash ? { dash: [...line.dash] } : {}),
            points: line.points ? { show: true, size: 3, fill: color(line.color), stroke: 'transparent', width: 0 } : { show: false },
          }),
        ),
      ],
    };
  };
  const rebuild = (): void => {
    plot?.destroy();
    plot = new uPlot(options(), latest, host);
  };

  rebuild();
  dark.addEventListener('change', rebuild);
  new ResizeObserver(() => plot?.setSize({ width: host.clientWidth, height: host.clientHeight })).observe(host);
  return {
    draw(columns, words) {
      latest = [xs, ...columns.map((column) => xs.map((_, i) => column[i] ?? null))];
      plot?.setData(latest);
      host.setAttribute('aria-label', words);
    },
  };
}
