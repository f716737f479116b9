import { HooklineError, parseOptions } from '@hookline/core';
import { type FinetuneConfig, finetuneConfig } from '@hookline/lab';
import { type Command, Option } from 'commander';
import { integer, namesOf, number } from '../arguments.js';
import { checkConfigFile, overlay, readConfigFile } from '../config-file.js';
import { telemetry } from './pretrain-flags.js';

/** What `finetune` was given. Everything but the last block of lines may also stand in the config file. */
export interface FinetuneFlags {
  readonly task?: string;
  readonly data?: string;
  readonly train?: string;
  readonly dev?: string;
  readonly test?: string;
  readonly text?: string;
  readonly text2?: string;
  readonly label?: string;
  readonly target?: string;
  readonly metrics?: string;
  readonly checkpoint?: string;
  readonly allow?: string;
  readonly newHead?: true;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly maxLength?: number;
  readonly bucketing?: true;
  readonly learningRate?: number;
  readonly warmup?: number;
  readonly dropout?: number;
  readonly labelSmoothing?: number;
  readonly balanced?: true;
  readonly clip?: number;
  readonly recompute?: true;
  readonly seed?: number;
  readonly pld?: number | true;
  readonly layerDrop?: number | true;
  readonly stochasticDepth?: number | true;
  readonly evaluateEvery?: number;
  readonly tensorboard?: true;
  readonly engine?: string;

  readonly config?: string;
  readonly run?: string;
  readonly resume?: string;
  readonly seeds?: number;
  readonly json?: true;
}

export function addFinetuneFlags(command: Command): Command {
  return command
    .option('--config <file>', 'YAML or JSON; flags go over what it says')
    .option('--run <directory>', 'where the run is written; must be absent or empty (default: runs/finetune)')
    .option('--resume <path>', 'go on with a run, of several seeds too, from its latest checkpoint, or from RUN/checkpoints/step-…')
    .option('--seeds <n>', 'train n seeds in RUN/seed-…, from --seed on, and show each with mean and spread', integer(1))
    .option('--json', 'one JSON object a line instead of text')
    .optionsGroup('Data:')
    .option('--task <name>', 'a GLUE task: cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte or wnli')
    .option('--data <folder>', 'folder with a folder for each GLUE task (default: data/glue)')
    .option('--train <file>', 'training set of your own instead: .tsv, .csv or .jsonl')
    .option('--dev <file>', 'set of your own to evaluate on')
    .option('--test <file>', 'set of your own to predict later, or to score where it has labels')
    .option('--text <column>', 'column of the text')
    .option('--text2 <column>', 'column of the second text of a pair')
    .option('--label <column>', 'column of the label: a class, or a number')
    .addOption(
      new Option('--target <kind>', 'what the labels stand for (default: classes, unless they are numbers and one is not whole)').choices([
        'classes',
        'number',
      ]),
    )
    .option('--metrics <names>', 'what the score is the mean of: accuracy, f1, matthews, pearson, spearman')
    .optionsGroup('Model:')
    .option('--checkpoint <path>', 'a folder as transformers saves it, a name on the hub, or the directory of a run')
    .option('--allow <names>', 'in what its weights may differ from its configuration: missing, surplus, shape, vocabulary (default: nothing)')
    .option('--new-head', "train a new classifier, whatever the checkpoint's is for")
    .optionsGroup('Recipe:')
    .option('--epochs <n>', 'passes over the training set (default: 3; 5 for MRPC and WNLI)', number(0))
    .option('--batch-size <n>', 'rows a batch (default: 16)', integer(1))
    .option('--max-length <n>', 'tokens a row, longer ones are cut (default: 128)', integer(3))
    .option('--bucketing', 'let examples of about the same length share a batch')
    .option('--learning-rate <rate>', 'peak rate (default: 2e-5 from width 768 on, 1e-4 up to 256, 5e-5 between)', number(0))
    .option('--warmup <length>', 'steps, or a share of the run (default: 0.1)', number(0))
    .option('--dropout <share>', 'dropout, 0 to 1 (default: 0.1)', number(0, 1))
    .option('--label-smoothing <share>', 'share of a target that is spread over all classes (default: 0)', number(0, 1))
    .option('--balanced', 'weigh classes by how rare they are')
    .option('--clip <norm>', 'largest global norm of the gradients (default: 1)', number(0))
    .option('--recompute', 'keep the input of each block alone, and compute the rest again in the backward pass: less memory, more time')
    .option('--seed <n>', 'key of every random draw (default: 0)', integer(0))
    .optionsGroup('Layer dropping:')
    .option('--pld [theta-bar]', 'progressive layer dropping; theta ends at theta-bar, 0 to 1 (default: 0.5)', number(0, 1))
    .option('--layer-drop [p]', 'LayerDrop; each block is dropped with probability p (default: 0.2)', number(0, 1))
    .option('--stochastic-depth [p]', 'stochastic depth; the last block survives with probability p (default: 0.5)', number(0, 1))
    .optionsGroup('Telemetry:')
    .option('--evaluate-every <length>', 'steps, or a share of the run (default: an epoch)', number(0))
    .option('--tensorboard', 'write event files for TensorBoard into the folder tensorboard of each run')
    .addOption(new Option('--engine <name>', 'auto, native, wasm or cpu (default: auto)').choices(['auto', 'native', 'wasm', 'cpu']));
}

const method = (given: number | true | undefined, key: string): Readonly<Record<string, unknown>> | undefined =>
  given === undefined ? undefined : given === true ? {} : { [key]: given };

/** The flags as a configuration that goes over the file's; undefined where a flag is not given. */
function flagConfig(flags: FinetuneFlags): Readonly<Record<string, unknown>> {
  const { train, dev, test, text, text2, label, target } = flags;
  const own = { train, dev, test, text, text2, label, target, metrics: namesOf(flags.metrics) };
  return {
    task: flags.task,
    data: flags.data,
    ...(Object.values(own).some((value) => value !== undefined) ? { own } : {}),
    checkpoint: flags.checkpoint,
    allow: namesOf(flags.allow),
    head: flags.newHead ? 'new' : undefined,
    epochs: flags.epochs,
    batchSize: flags.batchSize,
    maxLength: flags.maxLength,
    bucketing: flags.bucketing,
    learningRate: { peak: flags.learningRate, warmup: flags.warmup },
    dropout: flags.dropout,
    labelSmoothing: flags.labelSmoothing,
    classWeights: flags.balanced ? 'balanced' : undefined,
    clip: flags.clip,
    recompute: flags.recompute,
    seed: flags.seed,
    pld: method(flags.pld, 'thetaBar'),
    layerDrop: method(flags.layerDrop, 'p'),
    stochasticDepth: method(flags.stochasticDepth, 'finalSurvival'),
    evaluation: { every: flags.evaluateEvery },
    ...telemetry(flags),
    engine: flags.engine,
  };
}

/** Flags of files of one's own; the first four are needed. */
const ownFlags = ['train', 'dev', 'text', 'label', 'test', 'text2', 'target', 'metrics'] as const;

/** Says in flags, not in keys of the file, which one of one's own data is missing or stands where it is not looked at. */
function checkOwnFlags(flags: FinetuneFlags, config: Readonly<Record<string, unknown>>): void {
  const [given] = ownFlags.filter((flag) => flags[flag] !== undefined);
  if (given === undefined) return;
  const own = config['own'] as Readonly<Record<string, unknown>>;
  if (config['task'] !== undefined) {
    throw new HooklineError('HOOKLINE_USAGE', `--${given} is for files of your own, and the task is ${String(config['task'])}`, {
      hint: 'leave one of them out',
    });
  }
  const missing = ownFlags.slice(0, 4).find((flag) => own[flag] === undefined);
  if (missing !== undefined) {
    throw new HooklineError('HOOKLINE_USAGE', `--${missing} is missing`, { hint: 'files of your own need --train, --dev, --text and --label' });
  }
}

/**
 * The configuration of `finetune`: the file's, checked by itself so that errors name its lines, with the flags over it.
 * @throws HooklineError `HOOKLINE_CONFIG`, `HOOKLINE_USAGE`
 */
export function finetuneConfigOf(flags: FinetuneFlags): FinetuneConfig {
  const file = flags.config === undefined ? undefined : readConfigFile(flags.config);
  if (file) checkConfigFile(file, finetuneConfig);
  const value = overlay(file?.value ?? {}, flagConfig(flags));
  checkOwnFlags(flags, value);
  return parseOptions(file ? `${file.path} with flags` : 'finetune', finetuneConfig, value, 'HOOKLINE_CONFIG');
}
