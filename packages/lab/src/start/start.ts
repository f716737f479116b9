import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectedSaving } from '@hookline/pld-plugin';
import { unlessAborted } from '../aborted.js';
import { requireDirectoryPlace } from '../places.js';
import { type Report, renderPicture, renderReport } from '../report/index.js';
import { type RunLengths, runLengths } from './budget.js';
import type { StartData } from './data.js';
import { firstTiming } from './first-timing.js';
import { interleave, type Turn } from './interleave.js';
import { createLane, type Lane } from './lane.js';
import { type StartShape, startShape } from './shape.js';
import { loadStartData } from './start-data.js';
import { startReport } from './start-report.js';
import { type StartSummary, summarize } from './summary.js';
import { startVariants } from './variants.js';

/** News of `start`: what it is about to do, and how the runs stand. */
export type StartNews =
  | { readonly kind: 'stage'; readonly text: string }
  | { readonly kind: 'progress'; readonly lanes: readonly Lane[]; readonly secondsLeft: number };

export interface StartOptions {
  /** Minutes for everything, installation included; default 6. */
  readonly minutes?: number;
  /** Where report.html and report.svg go; default `runs/start`. */
  readonly directory?: string;
  /** Default 0. */
  readonly seed?: number;
  /** Default `wasm`. */
  readonly engine?: 'wasm' | 'cpu' | 'native' | 'auto';
  /** Another experiment of the same kind. */
  readonly shape?: Partial<StartShape>;
  /** Other data than the speeches, made for the shape's vocabSize and sequenceLength. */
  readonly data?: StartData;
  readonly onNews?: (news: StartNews) => void;
  /** Ends it after the step in progress, with nothing written. */
  readonly signal?: AbortSignal;
  /** The command line, for the report. */
  readonly command?: string;
}

export interface StartResult {
  readonly summary: StartSummary;
  readonly lengths: RunLengths;
  readonly report: Report;
  /** Path of report.html. */
  readonly path: string;
}

const defaultDirectory = join('runs', 'start');

/** Seconds of the minutes asked for that installing and building take before this program runs. */
const installation = 90;

/** How long the runs can be in the time that is left. */
async function plan(shape: StartShape, options: StartOptions, started: number, timing: Parameters<typeof runLengths>[0]): Promise<RunLengths> {
  const { minutes = 6 } = options;
  const spent = (performance.now() - started) / 1000;
  return runLengths(timing, {
    seconds: Math.max(0, 0.94 * (60 * minutes - Math.min(installation, 20 * minutes)) - spent),
    most: options.minutes === undefined ? shape.steps : Number.MAX_SAFE_INTEGER,
    blockSaving: (steps) => expectedSaving({ thetaBar: shape.thetaBar }, { depth: shape.numHiddenLayers, steps: Math.min(steps, 100_000) }),
    evaluations: shape.evaluations,
  });
}

/**
 * Proves the time that layer dropping saves: trains five small models in turns on real text and measures.
 * @returns undefined where the signal ended it early
 * @throws HooklineError `HOOKLINE_WRITE`, `HOOKLINE_PERMISSION` where the directory cannot be made, and as the engine and the data do
 */
export async function start(options: StartOptions = {}): Promise<StartResult | undefined> {
  requireDirectoryPlace(options.directory ?? defaultDirectory);
  return unlessAborted(options.signal, () => run(options), undefined);
}

async function run(options: StartOptions): Promise<StartResult> {
  const started = performance.now();
  const { seed = 0, engine = 'wasm', directory = defaultDirectory, onNews, signal } = options;
  const shape = { ...startShape, ...options.shape };
  const stage = (text: string) => onNews?.({ kind: 'stage', text });
  if (!options.data) stage('reading the corpus and training a vocabulary');
  const data = options.data ?? (await loadStartData(shape, seed, signal));
  stage(`corpus: ${data.about}; held out: ${data.heldOut}`);
  stage('timing the first steps');
  const setting = { shape, data, seed, engine };
  const timing = await firstTiming(setting, signal);
  const lengths = await plan(shape, options, started, timing);
  stage(describe(lengths, timing.dense));
  const lanes: Lane[] = [];
  try {
    for (const variant of startVariants(shape, lengths))
      lanes.push(await createLane(variant, { ...setting, shape: { ...shape, evaluations: lengths.evaluations } }));
    await train(lanes, lengths, shape, onNews, signal);
    const summary = summarize(lanes, lengths, shape.chunk, data.unigramEntropy);
    const command = options.command ?? 'hookline start';
    const report = startReport(lanes, summary, { shape, data, lengths, seed, command });
    await mkdir(directory, { recursive: true });
    const path = join(directory, 'report.html');
    await writeFile(path, await renderReport(report));
    await writeFile(join(directory, 'report.svg'), await renderPicture(report));
    return { summary, lengths, report, path };
  } finally {
    for (const lane of lanes) lane.dispose();
  }
}

const describe = ({ steps, equalTimeSteps, expectedTimeSaving, expectedSeconds }: RunLengths, dense: number): string =>
  `a dense step takes ${(1000 * dense).toFixed(0)} ms; ${steps} steps each (${equalTimeSteps} in PLD's time), about ${Math.ceil(expectedSeconds)} s; expected saving ${(100 * expectedTimeSaving).toFixed(1)} %`;

async function train(
  lanes: readonly Lane[],
  lengths: RunLengths,
  shape: StartShape,
  onNews: StartOptions['onNews'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const from = performance.now();
  const all = lanes.reduce((sum, lane) => sum + lane.steps * weight(lane), 0);
  const turns = lanes.map(
    (lane): Turn => ({
      steps: lane.steps,
      next: () => {
        signal?.throwIfAborted();
        return lane.next();
      },
    }),
  );
  await interleave(turns, shape.chunk, () => {
    const done = lanes.reduce((sum, lane) => sum + lane.recording.curve.length * weight(lane), 0);
    const elapsed = (performance.now() - from) / 1000;
    onNews?.({ kind: 'progress', lanes, secondsLeft: done === 0 ? lengths.expectedSeconds : (elapsed * (all - done)) / done });
  });
}

/** Relative cost of a lane's steps, for the time left. */
const weight = (lane: Lane): number => (lane.variant.layers === 0 ? 0.15 : 1);
