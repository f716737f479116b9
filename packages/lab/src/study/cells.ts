import { didYouMean, HooklineError } from '@hookline/core';
import { glueTask } from '@hookline/glue';
import { epochsOf, type FinetuneConfig, finetuneConfig } from '../finetune/config.js';

/** Ways to fine-tune: which blocks drop, and a run three times as long without dropping, which Mosbach et al. 2021 found to cure most failures. */
export const studyMethods = ['none', 'pld', 'layerdrop', 'stochastic-depth', 'none-x3'] as const;
export type StudyMethod = (typeof studyMethods)[number];

export interface StudyOptions {
  readonly tasks: readonly string[];
  /** Paths by name: how each was pre-trained is the name's to say. The methods are tried on the first. */
  readonly checkpoints: Readonly<Record<string, string>>;
  readonly methods: readonly StudyMethod[];
  readonly seeds: number;
  readonly data: string;
  /** Greatest rate; default: the recipe's for the width. */
  readonly learningRate?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly engine?: FinetuneConfig['engine'];
}

/** One fine-tuning of the study, run in a process of its own. */
export interface Cell {
  /** Its folder below the study's. */
  readonly name: string;
  readonly task: string;
  readonly checkpoint: string;
  readonly method: StudyMethod;
  readonly seed: number;
  readonly config: FinetuneConfig;
}

/** The default strength of each method while fine-tuning: gentle, as few steps leave little time to recover. */
const dropping: Readonly<Record<StudyMethod, Readonly<Record<string, unknown>>>> = {
  none: {},
  pld: { pld: { thetaBar: 0.9 } },
  layerdrop: { layerDrop: { p: 0.1 } },
  'stochastic-depth': { stochasticDepth: { finalSurvival: 0.9 } },
  'none-x3': {},
};

function configOf(options: StudyOptions, task: string, path: string, method: StudyMethod, seed: number): FinetuneConfig {
  const { data, epochs, learningRate, batchSize, engine } = options;
  const once = epochsOf({ task, ...(epochs === undefined ? {} : { epochs }) });
  return finetuneConfig.parse({
    task,
    data,
    checkpoint: path,
    seed,
    epochs: method === 'none-x3' ? 3 * once : once,
    ...(learningRate === undefined ? {} : { learningRate: { peak: learningRate } }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(engine === undefined ? {} : { engine }),
    ...dropping[method],
  });
}

/** What a study compares: checkpoints fine-tuned dense, or methods on one checkpoint. */
export type Axis = 'checkpoints' | 'methods';

/** The setting that a cell stands for on an axis; undefined where it does not belong to it. */
export function settingOf(
  { checkpoint, method }: Pick<Cell, 'checkpoint' | 'method'>,
  axis: Axis,
  { checkpoints }: Pick<StudyOptions, 'checkpoints'>,
): string | undefined {
  if (axis === 'checkpoints') return method === 'none' ? checkpoint : undefined;
  return checkpoint === Object.keys(checkpoints)[0] ? method : undefined;
}

/**
 * The cells of both axes, seed by seed so that an interrupted study is balanced: each checkpoint without dropping, and each method on the first checkpoint. The
 * cell that lies on both is trained once.
 * @throws HooklineError `HOOKLINE_TASK`, `HOOKLINE_OPTIONS`
 */
export function studyCells(options: StudyOptions): readonly Cell[] {
  const { tasks, checkpoints, methods, seeds } = options;
  const [first] = Object.keys(checkpoints);
  if (first === undefined)
    throw new HooklineError('HOOKLINE_OPTIONS', 'a study needs a checkpoint', { hint: 'name them, e.g. --checkpoints postln=models/a,preln=runs/b' });
  const unknown = methods.find((method) => !studyMethods.includes(method));
  if (unknown !== undefined) throw new HooklineError('HOOKLINE_OPTIONS', `there is no method '${unknown}'`, { hint: didYouMean(unknown, studyMethods) });
  const pairs: (readonly [string, StudyMethod])[] = [
    ...Object.keys(checkpoints).map((name) => [name, 'none'] as const),
    ...methods.filter((method) => method !== 'none').map((method) => [first, method] as const),
  ];
  return Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    tasks.flatMap((named) => {
      const { name: task } = glueTask(named);
      return pairs.map(
        ([checkpoint, method]): Cell => ({
          name: `${task}/${checkpoint}/${method}/seed-${seed}`,
          task,
          checkpoint,
          method,
          seed,
          config: configOf(options, task, checkpoints[checkpoint]!, method, seed),
        }),
      );
    }),
  );
}
