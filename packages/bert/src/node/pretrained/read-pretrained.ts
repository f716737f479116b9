import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError, type NamedTensor, nameList, type Tensors } from '@hookline/core';
import type { BertConfig } from '../../model/config.js';
import { type EvaluationGains, foldGains } from '../../model/fold-gains.js';
import { fromHubConfig, type HubConfig, type Labels, unnamedLabels } from '../../model/hub-config.js';
import { fileName, ownTensors, withoutRows } from '../../model/hub-names.js';
import { checkpointWeights } from '../../model/inference.js';
import { positionTable } from '../../model/parameters.js';
import { hasFiniteNumbers } from '../../model/same-numbers.js';
import { type FittedWeights, fitWeights, type HeadWishes, type WeightFault } from '../../model/weights.js';
import type { Tokenizer } from '../../tokenizer/wordpiece.js';
import { readTokenizer } from '../read-tokenizer.js';
import { readFolderTensors, readJson } from './folder.js';
import { fetchFromHub, type HubOptions } from './hub.js';
import { hubFiles, pretrainedError } from './hub-files.js';
import { parseHubName } from './hub-name.js';
import { findRun, openRunCheckpoint, readModelFile, runModelFiles } from './run.js';

export interface ReadPretrainedOptions {
  /** What to do about each head; default: those that are there are kept. */
  readonly heads?: HeadWishes;
  /** Rows that the classifier must have; default: as many as the configuration names, or the file has. Needed to create one. */
  readonly labels?: number;
  /**
   * What may differ from what the configuration says; nothing by default. Missing and misshapen tensors are then made anew, surplus ones left out; with
   * `vocabulary` the table of word embeddings may have more rows than the tokenizer has tokens, as tables padded to a round number do. A run with its own
   * tokenizer may always: it was allowed when the run began.
   */
  readonly allow?: readonly (WeightFault | 'vocabulary')[];
  /** The longest sequence that the model must take. */
  readonly positions?: number;
  /** A `vocab.txt`, a `tokenizer.json` or their folder, instead of the tokenizer that lies with the weights. */
  readonly vocabulary?: string;
  /** Of a run: `trained` weights or a slot of averaged ones, e.g. `ema`; default: `ema` where the run kept it, else `trained`. */
  readonly slot?: string;
  /** How the hub is reached. */
  readonly hub?: HubOptions;
  /** Key of what is made anew; default 0. */
  readonly seed?: number;
  /** Told in a line of everything that is made anew or left out, of downloads, and of damaged checkpoints that were passed over. */
  readonly onNotice?: (line: string) => void;
}

/** A model as it was read. */
export interface Pretrained {
  readonly config: BertConfig;
  /** Every parameter of the model with its heads, by the names of `parameterShapes(config, heads)`; float32. */
  readonly tensors: Tensors;
  /** Names of the tensors that were made anew. */
  readonly created: readonly string[];
  /** Which heads are among the tensors. */
  readonly heads: FittedWeights['heads'];
  readonly tokenizer: Tokenizer;
  /** The tokenizer's tokens by id. */
  readonly vocabulary: readonly string[];
  /** What the classifier's rows mean; where there is a classifier and it was not made anew. */
  readonly labels?: Labels;
  /** Gains that its run evaluates under, which are inside `tensors`. */
  readonly evaluationGains?: EvaluationGains;
  /** Where it came from. */
  readonly origin: { readonly kind: 'folder' | 'hub' | 'run'; readonly path: string };
}

interface Raw {
  readonly hub: HubConfig;
  /** By the names here. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly fileName: (name: string) => string;
  readonly conflicts?: ReadonlyMap<string, readonly string[]>;
  readonly evaluationGains?: EvaluationGains | undefined;
  readonly tokenizerFolder: string;
  readonly origin: Pretrained['origin'];
}

async function readFolder(folder: string): Promise<Raw> {
  const hub = fromHubConfig(await readJson(join(folder, hubFiles.config)), join(folder, hubFiles.config));
  const { tensors, fileNames, conflicts } = ownTensors(await readFolderTensors(folder), hub.modelType);
  const positions = tensors.get(positionTable);
  const shifted = positions && hub.positionOffset > 0 ? new Map([...tensors, [positionTable, withoutRows(positions, hub.positionOffset)]]) : tensors;
  return {
    hub,
    tensors: shifted,
    fileName: (name) => fileNames.get(name) ?? fileName(hub.modelType, name),
    conflicts,
    tokenizerFolder: folder,
    origin: { kind: 'folder', path: folder },
  };
}

async function readRun(run: NonNullable<ReturnType<typeof findRun>>, { slot, onNotice = () => undefined }: ReadPretrainedOptions): Promise<Raw> {
  const files = runModelFiles(run.directory);
  const { hub, evaluationGains } = await readModelFile(files.model);
  const { tensors } = await openRunCheckpoint(run.directory, run.checkpoint, onNotice);
  const averaged = Object.keys(tensors).some((name) => name.startsWith('slot:ema/'));
  const chosen = slot ?? (averaged ? 'ema' : 'trained');
  return {
    hub,
    evaluationGains,
    tensors: new Map(Object.entries(checkpointWeights(tensors, chosen === 'trained' ? undefined : chosen))),
    fileName: (name) => name,
    tokenizerFolder: files.tokenizer,
    origin: { kind: 'run', path: run.checkpoint ?? run.directory },
  };
}

/** Refuses a folder that holds models, such as the run of several seeds, and is none. */
function requireOneModel(folder: string): void {
  if (existsSync(join(folder, hubFiles.config))) return;
  const runs = readdirSync(folder).filter((name) => findRun(join(folder, name)));
  if (runs.length === 0) return;
  const names = runs.sort(new Intl.Collator('en', { numeric: true }).compare);
  throw pretrainedError(
    `'${folder}' is no model, but holds ${names.length === 1 ? 'the run' : 'runs'} ${nameList(names)}`,
    `give one of them: ${join(folder, names[0]!)}`,
  );
}

async function readRaw(source: string, options: ReadPretrainedOptions): Promise<Raw> {
  const run = findRun(source);
  if (run) return readRun(run, options);
  if (!existsSync(source)) {
    const name = parseHubName(source);
    if (!name) throw pretrainedError(`there is no '${source}'`, 'give a folder as transformers saves it, a name on its hub, or the directory of a run');
    const folder = await fetchFromHub(name, options.hub ?? {}, options.onNotice ?? (() => undefined));
    return { ...(await readFolder(folder)), origin: { kind: 'hub', path: folder } };
  }
  if (!statSync(source).isDirectory()) throw pretrainedError(`'${source}' is a file`, 'give the folder with config.json, model.safetensors and the vocabulary');
  requireOneModel(source);
  return readFolder(source);
}

/** @param mayBePadded whether the table may have more rows than there are tokens */
function checkVocabulary(tokenizer: Tokenizer, config: BertConfig, source: string, mayBePadded: boolean): void {
  const { vocabSize } = tokenizer;
  if (vocabSize === config.vocabSize || (vocabSize < config.vocabSize && mayBePadded)) return;
  throw new HooklineError('HOOKLINE_VOCABULARY', `the vocabulary of ${source} has ${vocabSize} tokens, the model ${config.vocabSize} word embeddings`, {
    hint:
      vocabSize < config.vocabSize
        ? 'give the vocabulary that the model was trained with; if its table is only padded, allow vocabulary'
        : 'give the vocabulary that the model was trained with',
  });
}

function checkPositions({ maxPositionEmbeddings }: BertConfig, source: string, positions = 0): void {
  if (positions <= maxPositionEmbeddings) return;
  throw new HooklineError('HOOKLINE_BERT_POSITIONS', `${source} has ${maxPositionEmbeddings} positions, ${positions} are asked for`, {
    hint: `use sequences of at most ${maxPositionEmbeddings} tokens, or another model`,
  });
}

/** Refuses what only the numbers show: two tensors for one parameter, and numbers that are none. */
function checkNumbers(tensors: Tensors, { conflicts, fileName: nameOf, origin }: Raw, source: string): void {
  const wrong = (message: string, hint: string): HooklineError => new HooklineError('HOOKLINE_BERT_WEIGHTS', message, { hint });
  const names = Object.keys(tensors);
  const twice = names.map((name) => conflicts?.get(name)).find((found) => found !== undefined);
  if (twice) throw wrong(`in ${source}, ${twice.join(' and ')} are the same parameter, with other numbers`, 'save the model again with one of them');
  const broken = names.filter((name) => !hasFiniteNumbers(tensors[name]!)).map(nameOf);
  if (broken.length === 0) return;
  throw wrong(
    `in ${source}, numbers are infinite or NaN: ${nameList(broken)}`,
    origin.kind === 'run' ? 'its training diverged: take an earlier checkpoint, or train again at a lower rate' : 'fetch it again, or take another checkpoint',
  );
}

function tell({ created, surplus }: FittedWeights, raw: Raw, onNotice: (line: string) => void): void {
  const names = (list: readonly string[]): string => list.map(raw.fileName).join(', ');
  if (created.length > 0) onNotice(`${raw.origin.path}: made anew, untrained: ${names(created)}`);
  if (surplus.length > 0) onNotice(`${raw.origin.path}: left out: ${names(surplus)}`);
}

/**
 * Reads a model with its tokenizer: a folder as Hugging Face's transformers saves it (`bert`, or `roberta-prelayernorm` for PreLN); a run of ours, its latest
 * valid checkpoint or the one named by `RUN/checkpoints/step-…`; or, where nothing of that name is here, a model on the hub, `owner/name` or
 * `owner/name@revision`, which is fetched into the hub's cache.
 *
 * Guaranteed, or an error: `tensors` are exactly the parameters of `config` with `heads`, each of its shape, in float32 and finite, with the file's numbers
 * unchanged (float16 and bfloat16 widen exactly; float32 keeps every bit); the tokenizer has as many tokens as the model has word embeddings, but where `allow`
 * says otherwise or a run began so; nothing is made anew, left out or of another shape unless `heads` or `allow` say so, and each such tensor is told by name.
 * Numbers may share memory with each other. A run that is evaluated under gains, as the original stochastic depth is, is read with the gains multiplied in: the
 * model is that which was measured.
 * @throws HooklineError `HOOKLINE_PRETRAINED` (nothing there, another format), `HOOKLINE_BERT_CONFIG`, `HOOKLINE_BERT_WEIGHTS` (names every tensor that
 *   does not fit), `HOOKLINE_HUB`, `HOOKLINE_DOWNLOAD`, `HOOKLINE_CHECKSUM`, `HOOKLINE_BERT_POSITIONS`, `HOOKLINE_VOCABULARY`, `HOOKLINE_SAFETENSORS`, `HOOKLINE_CHECKPOINT_…`
 */
export async function readPretrained(source: string, options: ReadPretrainedOptions = {}): Promise<Pretrained> {
  const { heads: wishes = {}, labels, allow = [], seed, positions, onNotice = () => undefined } = options;
  if (wishes.classifier === 'create' && labels === undefined) {
    throw new HooklineError('HOOKLINE_OPTIONS', 'readPretrained: a classifier is to be created and labels is not given', { hint: 'give the number of labels' });
  }
  const raw = await readRaw(source, options);
  const { config } = raw.hub;
  checkPositions(config, source, positions);
  const tokenizer = readTokenizer(options.vocabulary ?? raw.tokenizerFolder);
  const isAsBegun = raw.origin.kind === 'run' && options.vocabulary === undefined;
  checkVocabulary(tokenizer, config, options.vocabulary ?? source, isAsBegun || allow.includes('vocabulary'));
  const fitted = fitWeights(raw.tensors, config, {
    wishes,
    labels: labels ?? raw.hub.labels?.names.length,
    allow: allow.filter((fault) => fault !== 'vocabulary'),
    ...(seed === undefined ? {} : { seed }),
    source,
    fileName: raw.fileName,
  });
  checkNumbers(fitted.tensors, raw, source);
  if (fitted.heads.labels !== undefined && !fitted.created.includes('classifier.weight') && raw.hub.labelsFault) throw raw.hub.labelsFault;
  tell(fitted, raw, onNotice);
  const { evaluationGains } = raw;
  const known = fitted.created.includes('classifier.weight') ? undefined : fitted.heads.labels;
  return {
    config,
    tensors: evaluationGains ? foldGains(fitted.tensors, evaluationGains) : fitted.tensors,
    created: fitted.created,
    heads: fitted.heads,
    tokenizer,
    vocabulary: tokenizer.vocabulary,
    ...(known === undefined ? {} : { labels: raw.hub.labels ?? unnamedLabels(known) }),
    ...(evaluationGains ? { evaluationGains } : {}),
    origin: raw.origin,
  };
}
