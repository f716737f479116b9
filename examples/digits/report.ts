import { comparePaired, summarize } from '@hookline/glue';
import { blockRuns, machineFacts, type Recording, type Report, type ReportTable } from '@hookline/lab';
import type { Engine } from '@hookline/tfjs';

/** A run that is done. */
export interface TrainedRun {
  readonly method: string;
  readonly seed: number;
  /** Share of the test images that are recognized after the last step. */
  readonly accuracy: number;
  readonly recording: Recording;
  /** Of all cores together, in timed training steps: what others on the machine do moves it less than the clock. */
  readonly processorSeconds: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const points = (share: number): string => (100 * share).toFixed(2);

/** First steps of a run that are not timed: an engine records its graphs in them. */
export const warmUp = 10;

/** Mean time of a step that is timed, or of all where a run is that short. */
function stepSeconds({ recording: { stepSeconds: all } }: TrainedRun): number {
  const timed = all.length > warmUp ? all.slice(warmUp) : all;
  return timed.reduce((sum, seconds) => sum + seconds, 0) / timed.length;
}

/** Methods in the order in which they ran, each with its runs by seed. */
function byMethod(runs: readonly TrainedRun[]): readonly (readonly [string, readonly TrainedRun[]])[] {
  const methods = [...new Set(runs.map(({ method }) => method))];
  return methods.map((method) => [method, runs.filter((run) => run.method === method)]);
}

/** Accuracy, time and blocks of each method, the first of which is the one that others are held against, seed by seed. */
export function tableOf(runs: readonly TrainedRun[]): ReportTable {
  const methods = byMethod(runs);
  const base = methods[0]![1];
  const rows = methods.map(([method, all]) => {
    const { mean, sd, n } = summarize(all.map(({ accuracy }) => accuracy));
    const gain = comparePaired(
      all.map(({ accuracy }) => accuracy),
      base.map(({ accuracy }) => accuracy),
    );
    const savedBy = (cost: (run: TrainedRun) => number): string => {
      const saved = summarize(all.map((run, i) => 1 - cost(run) / cost(base[i]!)));
      return all === base || Number.isNaN(saved.mean) ? '' : `${percent(saved.mean)}${n > 1 ? ` ± ${(100 * saved.sd).toFixed(1)}` : ''}`;
    };
    const blocks = all.map(({ recording }) => blockRuns(recording.active));
    const skipped = 1 - blocks.reduce((sum, { run }) => sum + run, 0) / blocks.reduce((sum, { possible }) => sum + possible, 0);
    return [
      method,
      `${points(mean)} %${n > 1 ? ` ± ${points(sd)}` : ''}`,
      all === base ? '' : `${points(gain.difference.mean)}${gain.interval ? ` [${gain.interval.map(points).join(', ')}]` : ''}`,
      `${(1000 * summarize(all.map(stepSeconds)).mean).toFixed(1)} ms`,
      savedBy(stepSeconds),
      savedBy(({ processorSeconds }) => processorSeconds),
      percent(skipped),
    ];
  });
  return {
    title: 'Accuracy and time',
    columns: ['Method', 'Test accuracy', 'against dense, points', 'A step', 'Time saved', 'Processor time saved', 'Block runs skipped'],
    rows,
    caption: `Mean ± standard deviation over seeds ${base.map(({ seed }) => seed).join(', ')}; differences are paired by seed, with a 95 % interval. Time is that of training steps alone, but for the first ${warmUp}.`,
  };
}

interface About {
  readonly table: ReportTable;
  readonly engine: Engine;
  readonly epochs: string;
  readonly images: string;
}

/** The page: what `hookline start` and `hookline compare` write, of image models. */
export function reportOf(title: string, runs: readonly TrainedRun[], { table, engine, epochs, images }: About): Report {
  const [method, accuracy, against, , saved] = table.rows[1]!;
  return {
    kind: 'examples/digits',
    title: `${method}: ${accuracy} accuracy, ${against} points against dense, ${saved} of the time saved`,
    lede: `${title}, ${epochs} epochs on handwritten digits.`,
    made: new Date(),
    machine: machineFacts(engine),
    settings: [
      ['Model', title],
      ['Data', `${images} digits of the package mnist, a fifth of them to test`],
    ],
    headlines: table.rows.map((row) => ({ value: row[1]!, label: `test accuracy, ${row[0]}` })),
    variants: runs
      .filter(({ seed }) => seed === runs[0]!.seed)
      .map(({ method: name, recording }) => ({
        name,
        blocks: recording.active[0]?.length ?? 0,
        curve: recording.curve,
        evaluations: recording.evaluations,
        active: recording.active,
      })),
    references: [],
    tables: [table],
    axes: ['step', 'seconds'],
    notes: [`The curves are those of seed ${runs[0]!.seed}; the table is over all seeds.`, 'Evaluation runs the whole network and is off the clock.'],
  };
}
