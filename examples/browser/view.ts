import { type Chart, type Columns, createChart } from './charts.js';
import type { Point } from './curve.js';
import type { Lane } from './messages.js';
import { activeBlocks, runningMean, runningMedian, savedTime, secondsLeft, skippedShare } from './summary.js';

/** What the page shows. */
export interface Shown {
  readonly curves: Readonly<Record<Lane, readonly Point[]>>;
  readonly selected: Lane;
  readonly training: Lane | undefined;
  /** Whether engine and data are there. */
  readonly isOpen: boolean;
}

const blocks = 6;
const smoothing = 20;

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

/** A curve as it is drawn. */
type Smooth = (points: readonly Point[]) => readonly number[];
const loss: Smooth = (points) =>
  runningMean(
    points.map((point) => point.loss),
    smoothing,
  );
const time: Smooth = (points) =>
  runningMedian(
    points.map((point) => 1000 * point.seconds),
    smoothing,
  );
const theta: Smooth = (points) => points.map((point) => point.theta);
const active: Smooth = (points) => runningMean(points.map(activeBlocks), smoothing);
const latest = (values: readonly number[], digits: number): string => values.at(-1)?.toFixed(digits) ?? '–';
const percent = (share: number): string => `${Math.round(100 * share) + 0} %`;

const both = [{ color: '--dropping' }, { color: '--dense', dash: [7, 3] }] as const;

/** The page's elements, and what each shows: drawn at most once a frame. */
export function createView(total: number) {
  const [go, forget, dropping, status] = [
    element<HTMLButtonElement>('go'),
    element<HTMLButtonElement>('forget'),
    element<HTMLInputElement>('dropping'),
    element('status'),
  ];
  const [progress, count, tiles] = [element<HTMLProgressElement>('progress'), element('count'), element('tiles')];
  const [numbers, strip] = [element('numbers'), element('blocks')];
  const charts = {
    loss: createChart(element('loss'), { lines: [...both, { color: '--reference', dash: [2.5, 3], width: 1.6 }], steps: total, digits: 2 }),
    time: createChart(element('time'), { lines: both, steps: total }),
    theta: createChart(element('theta'), { lines: both, steps: total, range: [0, 1.05], digits: 2 }),
    active: createChart(element('active'), { lines: [...both, { color: '--dropping-faint', points: true }], steps: total, range: [0, blocks + 0.4] }),
  };
  let reference = 0;
  let shown: Shown | undefined;
  let isDue = false;

  const chips = Array.from({ length: blocks }, (_, i) => {
    const chip = document.createElement('li');
    chip.innerHTML = `<b>Block ${i + 1}</b><span>–</span>`;
    return chip;
  });
  strip.append(...chips);

  function drawCharts({ dropping, dense }: Shown['curves']): void {
    const draw = (chart: Chart, curve: Smooth, digits: number, more: Columns = []): void => {
      const [a, b] = [curve(dropping), curve(dense)];
      chart.draw(
        [a, b, ...more],
        `After ${dropping.length} steps with layer dropping ${latest(a, digits)}, after ${dense.length} without ${latest(b, digits)}.`,
      );
    };
    draw(charts.loss, loss, 2, [Array.from({ length: total }, () => reference || null)]);
    draw(charts.time, time, 0);
    draw(charts.theta, theta, 2);
    draw(charts.active, active, 1, [dropping.map(activeBlocks)]);
  }

  function drawTiles({ dropping, dense }: Shown['curves']): void {
    const saved = savedTime(dropping, dense);
    const pair = (curve: Smooth, digits: number): string => `${latest(curve(dropping), digits)} · ${latest(curve(dense), digits)}`;
    const ran = dropping.reduce((sum, point) => sum + activeBlocks(point), 0);
    const shown = [
      ['Loss', pair(loss, 2), 'with dropping · without'],
      ['Milliseconds a step', pair(time, 0), 'with dropping · without'],
      ['Blocks skipped', percent(skippedShare(dropping)), `${ran} of ${dropping.length * blocks} were run`],
      ['Time saved', saved ? percent(saved.share) : '–', saved ? `measured over ${saved.steps} steps of both` : 'train both ways to see it'],
    ];
    tiles.innerHTML = shown.map(([label, value, detail]) => `<div><dt>${label}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`).join('');
  }

  function drawStrip(points: readonly Point[]): void {
    const last = points.at(-1);
    chips.forEach((chip, i) => {
      const share = points.filter((point) => point.active[i]).length / Math.max(1, points.length);
      chip.className = last?.active[i] ? 'ran' : '';
      chip.lastElementChild!.textContent = last ? `${last.active[i] ? 'ran' : 'skipped'} · ${percent(share)} so far` : '–';
    });
  }

  function drawNumbers({ dropping, dense }: Shown['curves']): void {
    const rows = Math.max(dropping.length, dense.length);
    const cell = (value: number | undefined, digits: number): string => `<td>${value === undefined ? '' : value.toFixed(digits)}</td>`;
    const ms = (point: Point | undefined) => point && 1000 * point.seconds;
    const row = (i: number): string => {
      const [a, b] = [dropping[i], dense[i]];
      return `<tr><td>${i + 1}</td>${cell(a?.loss, 4)}${cell(b?.loss, 4)}${cell(a && activeBlocks(a), 0)}${cell(ms(a), 1)}${cell(ms(b), 1)}</tr>`;
    };
    numbers.innerHTML = Array.from({ length: rows }, (_, i) => row(i)).join('');
  }

  function draw({ curves, selected, training, isOpen }: Shown): void {
    const points = curves[training ?? selected];
    const done = points.length >= total;
    go.textContent = training ? 'Stop' : points.length === 0 ? 'Start' : done ? 'Done' : 'Resume';
    go.disabled = !isOpen || (!training && done);
    forget.disabled = !isOpen || training !== undefined || points.length === 0;
    dropping.disabled = !isOpen;
    progress.max = total;
    progress.value = points.length;
    const left = training && points.length > 3 ? ` · ${Math.ceil(secondsLeft(points, total))} s left` : '';
    count.textContent = `step ${points.length} of ${total}${left}`;
    drawStrip(points);
    drawTiles(curves);
    drawCharts(curves);
    if (numbers.closest('details')!.open) drawNumbers(curves);
  }

  const schedule = (): void => {
    if (isDue || !shown) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw(shown!);
    });
  };
  numbers.closest('details')!.addEventListener('toggle', schedule);

  return {
    go,
    forget,
    dropping,
    show(now: Shown): void {
      shown = now;
      schedule();
    },
    say(text: string): void {
      status.className = '';
      status.textContent = text;
    },
    fail(text: string): void {
      status.className = 'failed';
      status.textContent = text;
    },
    about(text: string, unigram: number): void {
      reference = unigram;
      element('about').textContent = text;
      element('reference-name').textContent = `reads nothing: ${unigram.toFixed(2)} nats`;
    },
  };
}
