import { type Command, Option } from 'commander';
import { duration, integer, namesOf, number } from '../arguments.js';

/** What the flags of `pretrain` hold. */
export interface PretrainFlags {
  readonly config?: string;
  readonly run?: string;
  readonly resume?: string;
  readonly dryRun?: true;
  readonly seeds?: number;
  readonly json?: true;
  readonly checkpoint?: string;
  readonly allow?: string;
  readonly slot?: string;
  readonly corpus?: string;
  readonly vocabulary?: string;
  readonly vocabSize?: number;
  readonly size?: string;
  readonly layers?: number;
  readonly hiddenSize?: number;
  readonly heads?: number;
  readonly norm?: string;
  readonly dropout?: number;
  readonly objective?: string;
  readonly sequenceLength?: number;
  readonly batchSize?: number;
  readonly accumulation?: number;
  readonly steps?: number;
  readonly budget?: number;
  readonly seed?: number;
  readonly optimizer?: string;
  readonly learningRate?: number;
  readonly warmup?: number;
  readonly rateSchedule?: string;
  readonly clip?: number;
  readonly recompute?: true;
  readonly ema?: number;
  readonly pld?: number | true;
  readonly layerDrop?: number | true;
  readonly stochasticDepth?: number | true;
  readonly schedule?: string;
  readonly convention?: string;
  readonly scaling?: string;
  readonly gates?: string;
  readonly sampling?: string;
  readonly matchSaving?: number;
  readonly evaluateEvery?: number;
  readonly checkpointEvery?: number;
  readonly keep?: number;
  readonly statistics?: number;
  readonly tensorboard?: true;
  readonly profile?: true;
  readonly engine?: string;
}

/** Declares the flags. Defaults are those of the configuration and are only told here: a flag that is not given must not hide the file. */
export function addPretrainFlags(command: Command): Command {
  return command
    .optionsGroup('Run:')
    .option('--config <file>', 'YAML or JSON file; flags go over it. `hookline schema` prints its JSON Schema')
    .option('--run <directory>', 'where the run is written; must be absent or empty (default: runs/pretrain)')
    .option('--resume <path>', 'go on with a run from its latest checkpoint, or from RUN/checkpoints/step-…')
    .option('--dry-run', 'print plan, parameters, expected saving, memory and disk; train nothing')
    .option('--seeds <n>', 'train n runs with seeds seed, seed + 1, … in RUN/seed-…, and compare them', integer(1))
    .option('--json', 'one JSON object a line instead of text')
    .optionsGroup('Length:')
    .option('--steps <n>', 'optimizer steps (default: 1000, unless a budget is given)', integer(1))
    .option('--budget <time>', 'training time, e.g. 10m: steps are chosen from measured time and written into RUN/config.json', duration)
    .optionsGroup('Data:')
    .option('--corpus <path>', "'sotu', a text file, JSON lines, or a folder (default: sotu)")
    .option('--vocabulary <path>', 'vocab.txt, tokenizer.json or their folder (default: trained on the corpus)')
    .option('--vocab-size <n>', 'tokens of the vocabulary that is trained (default: 8000)', integer(1))
    .option('--sequence-length <n>', 'tokens a row (default: 128)', integer(8, 65_536))
    .option('--batch-size <n>', 'rows a batch (default: 8)', integer(1))
    .option('--accumulation <n>', 'batches a step (default: 1)', integer(1))
    .option('--objective <names>', 'mlm, or mlm,nsp (default: mlm)')
    .optionsGroup('Weights to go on from:')
    .option('--checkpoint <source>', 'folder of Hugging Face, name on its hub, run or checkpoint of a run: weights, tokenizer and model (default: a new model)')
    .option('--allow <names>', 'in what they may differ from their configuration: missing, surplus, shape, vocabulary (default: nothing)')
    .option('--slot <name>', "of a run: 'trained' weights, or a slot of averaged ones (default: ema where the run kept it, else trained)")
    .optionsGroup('Model:')
    .addOption(new Option('--size <name>', 'tiny, mini, small, medium or base (default: mini)').choices(['tiny', 'mini', 'small', 'medium', 'base']))
    .option('--layers <n>', "blocks, instead of the size's", integer(0))
    .option('--hidden-size <n>', "width, instead of the size's", integer(1))
    .option('--heads <n>', 'attention heads (default: hidden size / 64)', integer(1))
    .addOption(new Option('--norm <place>', 'pre or post: where LayerNorm sits (default: pre)').choices(['pre', 'post']))
    .option('--dropout <share>', 'dropout, from 0 to below 1 (default: 0.1)', number(0, 1))
    .optionsGroup('Recipe:')
    .addOption(new Option('--optimizer <name>', 'adamw or lamb (default: adamw)').choices(['adamw', 'lamb']))
    .option('--learning-rate <rate>', "peak rate (default: the recipe's for the size)", number(0))
    .option('--warmup <length>', "steps, or a share of the run (default: the recipe's)", number(0))
    .addOption(new Option('--rate-schedule <name>', 'constant, linear or cosine (default: linear)').choices(['constant', 'linear', 'cosine']))
    .option('--clip <norm>', 'largest global norm of the gradients (default: 1)', number(0))
    .option('--recompute', 'keep the input of each block alone, and compute the rest again in the backward pass: less memory, more time')
    .option('--ema <decay>', 'keep a moving average of the weights, and evaluate it', number(0, 1))
    .option('--seed <n>', 'key of every random draw (default: 0)', integer(0))
    .optionsGroup('Layer dropping:')
    .option('--pld [theta-bar]', 'progressive layer dropping; theta ends at theta-bar, 0 to 1 (default: 0.5)', number(0, 1))
    .option('--layer-drop [p]', 'LayerDrop; each block is dropped with probability p (default: 0.2)', number(0, 1))
    .option('--stochastic-depth [p]', 'stochastic depth; the last block survives with probability p (default: 0.5)', number(0, 1))
    .option('--schedule <name>', 'of PLD: exponential, linear, polynomial, cosine, step, constant or growth (default: exponential)')
    .option('--convention <name>', 'of PLD: paper, algorithm1 or deepspeed (default: paper)')
    .option('--scaling <name>', 'branch, block or none (default: the method says)')
    .option('--gates <name>', 'block, or branch for one gate a branch (default: block)')
    .option('--sampling <name>', 'bernoulli or systematic (default: bernoulli)')
    .option('--match-saving <share>', 'solve the method so that this share of the block runs is saved, 0 to 1', number(0, 1))
    .optionsGroup('Telemetry:')
    .option('--evaluate-every <length>', 'steps, or a share of the run (default: 0.1)', number(0))
    .option('--checkpoint-every <length>', 'steps, or a share of the run (default: 0.1)', number(0))
    .option('--keep <n>', 'newest checkpoints to keep (default: 2)', integer(1))
    .option(
      '--statistics <length>',
      'measure the blocks every so many steps, or share of the run: gradients, distance and cosine of input and output',
      number(0),
    )
    .option('--tensorboard', 'write event files for TensorBoard into RUN/tensorboard')
    .option('--profile', 'measure time by part and block; a table at the end, and RUN/trace.json for chrome://tracing')
    .addOption(new Option('--engine <name>', 'auto, native, wasm or cpu (default: auto)').choices(['auto', 'native', 'wasm', 'cpu']));
}

/** Options of the method that flags ask for: `--pld 0.5` is `{ thetaBar: 0.5 }`. */
function method(flags: PretrainFlags): Readonly<Record<string, unknown>> {
  const { schedule, convention, scaling, gates, sampling, matchSaving } = flags;
  const common = { scaling, gates, sampling, matchSaving };
  const of = (given: number | true, key: string) => (given === true ? {} : { [key]: given });
  return {
    ...(flags.pld === undefined ? {} : { pld: { ...of(flags.pld, 'thetaBar'), schedule, convention, ...common } }),
    ...(flags.layerDrop === undefined ? {} : { layerDrop: { ...of(flags.layerDrop, 'p'), ...common } }),
    ...(flags.stochasticDepth === undefined ? {} : { stochasticDepth: { ...of(flags.stochasticDepth, 'finalSurvival'), ...common } }),
  };
}

/** What telemetry flags ask for; nothing where there is none of them. */
export function telemetry({
  statistics,
  tensorboard,
  profile,
}: Pick<PretrainFlags, 'statistics' | 'tensorboard' | 'profile'>): Readonly<Record<string, unknown>> {
  const asked = { statistics, tensorBoard: tensorboard, profile };
  return Object.values(asked).some((value) => value !== undefined) ? { telemetry: asked } : {};
}

/** The flags as a configuration that goes over the file's; undefined where a flag is not given. */
export function flagConfig(flags: PretrainFlags): Readonly<Record<string, unknown>> {
  const model = { size: flags.size, numHiddenLayers: flags.layers, hiddenSize: flags.hiddenSize, numAttentionHeads: flags.heads, norm: flags.norm };
  const checkpoint = { source: flags.checkpoint, allow: namesOf(flags.allow), slot: flags.slot };
  return {
    ...(Object.values(checkpoint).some((value) => value !== undefined) ? { checkpoint } : {}),
    corpus: { source: flags.corpus },
    vocabulary: { file: flags.vocabulary, size: flags.vocabSize },
    model: { ...model, hiddenDropoutProb: flags.dropout, attentionProbsDropoutProb: flags.dropout },
    objective: namesOf(flags.objective),
    sequenceLength: flags.sequenceLength,
    batchSize: flags.batchSize,
    accumulation: flags.accumulation,
    steps: flags.steps,
    budget: flags.budget,
    seed: flags.seed,
    optimizer: flags.optimizer,
    learningRate: { schedule: flags.rateSchedule, peak: flags.learningRate, warmup: flags.warmup },
    clip: flags.clip,
    recompute: flags.recompute,
    ema: flags.ema,
    ...method(flags),
    evaluation: { every: flags.evaluateEvery },
    checkpoints: { every: flags.checkpointEvery, keep: flags.keep },
    ...telemetry(flags),
    engine: flags.engine,
  };
}
