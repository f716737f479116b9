import { didYouMean, HooklineError } from '@hookline/core';
import { glueTask } from '@hookline/glue';
import { epochsOf, type FinetuneConfig, finetuneConfig } from '../finetune/config.js';

/** Ways to fine-tune: which blocks drop, and a run three times as long without dropping, which Mosbach et al. 2021 found to cure most failures. */
export const studyMethods = ['none', 'pld', 'layerdrop', 'stochastic-depth', 'none-x3'] as const;
export type StudyMethod = (typeof studyMethods)[number];

/** A method, and how strongly it drops where that is said: `pld` or `pld=0.8`. */
export type StudySetting = StudyMethod | `${'pld' | 'layerdrop' | 'stochastic-depth'}=${number}`;

export interface StudyOptions {
  readonly tasks: readonly string[];
  /** Paths by name: how each was pre-trained is the name's to say. The methods are tried on the first. */
  readonly checkpoints: Readonly<Record<string, string>>;
  readonly methods: readonly StudySetting[];
  readonly seeds: number;
  readonly data: string;
  /** Greatest rates, each a study of its own in tables of its own; default: the recipe's for the width alone. */
  readonly learningRates?: readonly number[];
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
  readonly method: StudySetting;
  /** Greatest rate; undefined where it is the recipe's. */
  readonly learningRate: number | undefined;
  readonly seed: number;
  readonly config: FinetuneConfig;
}

/** Each method's options at a strength, by default a gentle one: few steps leave little time to recover. */
const dropping = {
  pld: (thetaBar = 0.9) => ({ pld: { thetaBar } }),
  layerdrop: (p = 0.1) => ({ layerDrop: { p } }),
  'stochastic-depth': (finalSurvival = 0.9) => ({ stochasticDepth: { finalSurvival } }),
} as const;

/** The method that a setting names, and its options for a run. */
function methodOf(setting: string): { readonly method: StudyMethod; readonly options: Readonly<Record<string, unknown>> } {
  const [name, strength, ...rest] = setting.split('=') as [string, ...string[]];
  const method = studyMethods.find((one) => one === name);
  if (method === undefined) throw new HooklineError('HOOKLINE_OPTIONS', `there is no method '${name}'`, { hint: didYouMean(name, studyMethods) });
  if (method === 'none' || method === 'none-x3') {
    if (strength !== undefined)
      throw new HooklineError('HOOKLINE_OPTIONS', `'${method}' drops nothing: '${setting}' means nothing`, { hint: `write ${method}` });
    return { method, options: {} };
  }
  if (strength === undefined) return { method, options: dropping[method]() };
  const value = Number(strength);
  if (rest.length > 0 || strength.trim() === '' || !(value >= 0 && value <= 1))
    throw new HooklineError('HOOKLINE_OPTIONS', `'${setting}' has no strength from 0 to 1`, { hint: `write e.g. ${method}=0.8` });
  return { method, options: dropping[method](value) };
}

function configOf(options: StudyOptions, cell: Omit<Cell, 'name' | 'config'>): FinetuneConfig {
  const { data, epochs, batchSize, engine } = options;
  const { task, checkpoint, seed, learningRate } = cell;
  const { method, options: drop } = methodOf(cell.method);
  const once = epochsOf({ task, ...(epochs === undefined ? {} : { epochs }) });
  return finetuneConfig.parse({
    task,
    data,
    checkpoint: options.checkpoints[checkpoint],
    seed,
    epochs: method === 'none-x3' ? 3 * once : once,
    ...(learningRate === undefined ? {} : { learningRate: { peak: learningRate } }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(engine === undefined ? {} : { engine }),
    ...drop,
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

/** The rates of a study; undefined stands for the recipe's. */
export const ratesOf = ({ learningRates = [] }: Pick<StudyOptions, 'learningRates'>): readonly (number | undefined)[] =>
  learningRates.length > 0 ? learningRates : [undefined];

/**
 * The cells of both axes, seed by seed so that an interrupted study is balanced: each checkpoint without dropping, and each method on the first checkpoint, at
 * each rate. The cell that lies on both axes is trained once.
 * @throws HooklineError `HOOKLINE_TASK`, `HOOKLINE_OPTIONS`
 */
export function studyCells(options: StudyOptions): readonly Cell[] {
  const { tasks, checkpoints, methods, seeds } = options;
  const [first] = Object.keys(checkpoints);
  if (first === undefined)
    throw new HooklineError('HOOKLINE_OPTIONS', 'a study needs a checkpoint', { hint: 'name them, e.g. --checkpoints postln=models/a,preln=runs/b' });
  const pairs: (readonly [string, StudySetting])[] = [
    ...Object.keys(checkpoints).map((name) => [name, 'none'] as const),
    ...methods.filter((method) => method !== 'none').map((method) => [first, method] as const),
  ];
  const cellOf = (cell: Omit<Cell, 'name' | 'config'>): Cell => ({
    ...cell,
    name: [
      cell.task,
      cell.checkpoint,
      cell.method.replace('=', '-'),
      ...(cell.learningRate === undefined ? [] : [`rate-${cell.learningRate}`]),
      `seed-${cell.seed}`,
    ].join('/'),
    config: configOf(options, cell),
  });
  return Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    tasks.flatMap((named) => {
      const { name: task } = glueTask(named);
      return ratesOf(options).flatMap((learningRate) => pairs.map(([checkpoint, method]) => cellOf({ task, checkpoint, method, learningRate, seed })));
    }),
  );
}
