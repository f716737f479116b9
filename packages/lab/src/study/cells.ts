import { didYouMean, given, HooklineError, parseOptions } from '@hookline/core';
import { glueTask } from '@hookline/glue';
import { epochsOf, type FinetuneConfig, finetuneConfig } from '../finetune/config.js';

/** Ways to fine-tune: which blocks drop, and a run three times as long without dropping, which Mosbach et al. 2021 found to cure most failures. */
export const studyMethods = ['none', 'pld', 'layerdrop', 'stochastic-depth', 'none-x3'] as const;
export type StudyMethod = (typeof studyMethods)[number];

/** A method, and how strongly it drops where that is said: `pld` or `pld=0.8`. */
export type StudySetting = StudyMethod | `${'pld' | 'layerdrop' | 'stochastic-depth'}=${number}`;

/** A model to begin with, under a name that says how it was pre-trained. */
export interface StudyCheckpoint {
  readonly name: string;
  /** As `finetune` takes it: a folder, a name on the hub, or a run. */
  readonly path: string;
}

export interface StudyOptions {
  readonly tasks: readonly string[];
  /** The methods are tried on the first. */
  readonly checkpoints: readonly StudyCheckpoint[];
  readonly methods: readonly StudySetting[];
  readonly seeds: number;
  readonly data: string;
  /** Greatest rates, each a study of its own in tables of its own; default: the recipe's for the width alone. */
  readonly learningRates?: readonly number[];
  readonly epochs?: number;
  readonly batchSize?: number;
  /** In what the checkpoints' weights may differ from their configuration; nothing by default. */
  readonly allow?: FinetuneConfig['allow'];
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

const refusal = (message: string, hint: string): HooklineError => new HooklineError('HOOKLINE_OPTIONS', message, { hint });

/** Each method's options at a strength, by default a gentle one: few steps leave little time to recover. */
const dropping = {
  pld: (thetaBar = 0.9) => ({ pld: { thetaBar } }),
  layerdrop: (p = 0.1) => ({ layerDrop: { p } }),
  'stochastic-depth': (finalSurvival = 0.9) => ({ stochasticDepth: { finalSurvival } }),
} as const;

/** A setting taken apart. */
interface Method {
  /** In one spelling: `pld=0.50` is `pld=0.5`. */
  readonly name: StudySetting;
  readonly method: StudyMethod;
  /** For a run. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** @throws HooklineError `HOOKLINE_OPTIONS` for what is no method, or has no such strength */
function methodOf(setting: string): Method {
  const [name, strength, ...rest] = setting.split('=') as [string, ...string[]];
  const method = studyMethods.find((one) => one === name);
  if (method === undefined) throw refusal(`there is no method '${name}'`, didYouMean(name, studyMethods));
  if (method === 'none' || method === 'none-x3') {
    if (strength !== undefined) throw refusal(`'${method}' drops nothing: '${setting}' means nothing`, `write ${method}`);
    return { name: method, method, options: {} };
  }
  if (strength === undefined) return { name: method, method, options: dropping[method]() };
  const value = Number(strength);
  if (rest.length > 0 || strength.trim() === '' || !(value >= 0 && value <= 1))
    throw refusal(`'${setting}' has no strength from 0 to 1`, `write e.g. ${method}=0.8`);
  return { name: `${method}=${value}`, method, options: dropping[method](value) };
}

/** Refuses what is there twice: both would be one setting, and count as more seeds of it. `keyOf` says what makes two the same. */
function requireDistinct<T>(what: string, values: readonly T[], keyOf: (value: T) => string, textOf: (value: T) => string): void {
  const seen = new Map<string, T>();
  for (const value of values) {
    const before = seen.get(keyOf(value));
    if (before !== undefined) {
      const same = textOf(before) === textOf(value);
      throw refusal(`${what} ${textOf(before)} ${same ? 'is there twice' : `and ${textOf(value)} are the same`}`, 'name each once');
    }
    seen.set(keyOf(value), value);
  }
}

function checkCheckpoints(checkpoints: readonly StudyCheckpoint[]): void {
  if (checkpoints.length === 0) throw refusal('a study needs a checkpoint', 'name them, e.g. --checkpoints postln=models/a,preln=runs/b');
  for (const { name } of checkpoints) {
    if (/^[\w.-]+$/.test(name) && !/^\.+$/.test(name)) continue;
    throw refusal(`'${name}' cannot be a checkpoint's name: its runs go into a folder of that name`, 'use letters, digits, and _ . - between them');
  }
  const quoted = ({ name }: StudyCheckpoint): string => `'${name}'`;
  requireDistinct('the checkpoint', checkpoints, ({ name }) => name.toLowerCase(), quoted); // as a disk that ignores case would have it
}

/**
 * A study's options, checked and in one spelling: tasks by their short names, strengths as plain numbers.
 * @throws HooklineError `HOOKLINE_TASK`, `HOOKLINE_OPTIONS` for what is unknown, missing, or there twice
 */
export function checkedStudy(options: StudyOptions): StudyOptions {
  const { learningRates = [], seeds } = options;
  const tasks = options.tasks.map(glueTask);
  const methods = (options.methods.length > 0 ? options.methods : ['none']).map(methodOf);
  if (tasks.length === 0) throw refusal('a study needs a task', 'name GLUE tasks, e.g. --tasks cola,rte');
  const untrained = tasks.find(({ evaluation }) => evaluation.length === 0);
  if (untrained) throw new HooklineError('HOOKLINE_TASK', `${untrained.title} has no training set`, { hint: 'MNLI is the task that it is predicted with' });
  if (!Number.isInteger(seeds) || seeds < 1) throw refusal(`a study cannot have ${seeds} seeds`, 'give a whole number, at least 1');
  checkCheckpoints(options.checkpoints);
  requireDistinct(
    'the task',
    tasks,
    ({ name }) => name,
    ({ name }) => `'${name}'`,
  );
  requireDistinct(
    'the method',
    methods,
    ({ method, options }) => JSON.stringify([method, options]),
    ({ name }) => `'${name}'`,
  );
  requireDistinct('the rate', learningRates, String, String);
  return { ...options, tasks: tasks.map(({ name }) => name), methods: methods.map(({ name }) => name) };
}

function configOf(options: StudyOptions, { path }: StudyCheckpoint, cell: Pick<Cell, 'task' | 'method' | 'learningRate' | 'seed'>): FinetuneConfig {
  const { data, epochs, batchSize, allow, engine } = options;
  const { task, seed, learningRate } = cell;
  const { method, options: drop } = methodOf(cell.method);
  const once = epochsOf({ task, ...given({ epochs }) });
  return parseOptions('study', finetuneConfig, {
    task,
    data,
    checkpoint: path,
    seed,
    epochs: method === 'none-x3' ? 3 * once : once,
    ...(learningRate === undefined ? {} : { learningRate: { peak: learningRate } }),
    ...given({ batchSize, allow, engine }),
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
  return checkpoint === checkpoints[0]?.name ? method : undefined;
}

/** The rates of a study; undefined stands for the recipe's. */
export const ratesOf = ({ learningRates = [] }: Pick<StudyOptions, 'learningRates'>): readonly (number | undefined)[] =>
  learningRates.length > 0 ? learningRates : [undefined];

/**
 * The cells of both axes, seed by seed so that an interrupted study is balanced: each checkpoint without dropping, and each method on the first checkpoint, at
 * each rate. The cell that lies on both axes is trained once, and no two have one name.
 * @throws HooklineError `HOOKLINE_TASK`, `HOOKLINE_OPTIONS`
 */
export function studyCells(asked: StudyOptions): readonly Cell[] {
  const options = checkedStudy(asked);
  const { tasks, checkpoints, methods, seeds } = options;
  const pairs: (readonly [StudyCheckpoint, StudySetting])[] = [
    ...checkpoints.map((checkpoint) => [checkpoint, 'none'] as const),
    ...methods.filter((method) => method !== 'none').map((method) => [checkpoints[0]!, method] as const),
  ];
  const cellOf = (checkpoint: StudyCheckpoint, cell: Omit<Cell, 'name' | 'config' | 'checkpoint'>): Cell => ({
    ...cell,
    checkpoint: checkpoint.name,
    name: [
      cell.task,
      checkpoint.name,
      cell.method.replace('=', '-'),
      ...(cell.learningRate === undefined ? [] : [`rate-${cell.learningRate}`]),
      `seed-${cell.seed}`,
    ].join('/'),
    config: configOf(options, checkpoint, cell),
  });
  return Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    tasks.flatMap((task) =>
      ratesOf(options).flatMap((learningRate) => pairs.map(([checkpoint, method]) => cellOf(checkpoint, { task, method, learningRate, seed }))),
    ),
  );
}
