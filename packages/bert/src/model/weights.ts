import { HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import type { BertConfig } from './config.js';
import { initializeBert } from './initialize.js';
import { type BertHeads, classifier, decoderWeight, nextSentence, parameterShapes, pooler, wordTable } from './parameters.js';
import { sameNumbers, sameShape } from './same-numbers.js';

/**
 * What to do about a head: `need` it, so that its lack is an error; `create` it where the file lacks it; `keep` it where it is there (the default);
 * or `drop` it. A classifier without the pooler that it stands on is one of tokens: another head, which is not kept.
 */
export type HeadWish = 'need' | 'create' | 'keep' | 'drop';

/** Wishes by head. The heads `nsp` and `classifier` stand on the pooler: creating one of them creates a pooler that is not there, unless it is needed. */
export type HeadWishes = Readonly<Partial<Record<'pooler' | 'mlm' | 'nsp' | 'classifier', HeadWish>>>;

/** What may differ between file and model: lacking tensors and those of another shape are then made anew, surplus ones are left out. */
export type WeightFault = 'missing' | 'surplus' | 'shape';

export interface FitOptions {
  readonly wishes?: HeadWishes;
  /** Rows of the classifier; default: those of the file. Needed to create one. */
  readonly labels?: number | undefined;
  readonly allow?: readonly WeightFault[];
  /** Key of what is made anew; default 0. */
  readonly seed?: number;
  /** What to call the file in errors. */
  readonly source?: string;
  /** What the file calls a tensor. */
  readonly fileName?: (name: string) => string;
}

/** Weights that fit their model, and how they came to. */
export interface FittedWeights {
  /** Exactly the parameters of `parameterShapes(config, heads)`, in its order; float32. */
  readonly tensors: Tensors;
  readonly heads: Required<Omit<BertHeads, 'labels'>> & { readonly labels: number | undefined };
  /** Names of tensors that the file lacked, or had in another shape. */
  readonly created: readonly string[];
  /** Names of tensors that no part of the model uses, a classifier of tokens among them. */
  readonly surplus: readonly string[];
}

type Found = ReadonlyMap<string, NamedTensor>;

/** The float32 tensor with these numbers, the same memory where they are float32 already. */
const float32 = ({ shape, data }: NamedTensor): NamedTensor => ({ shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });

const namesFrom = (found: Found, start: string): readonly string[] => [...found.keys()].filter((name) => name.startsWith(start));

/** Names of a classifier that would be kept, did it not lack the pooler: each token's own, not the text's. */
const tokenClassifier = (found: Found, { classifier: wish = 'keep' }: HeadWishes): readonly string[] =>
  wish === 'keep' && namesFrom(found, `${pooler}.`).length === 0 ? namesFrom(found, `${classifier}.`) : [];

function headsOf(found: Found, { wishes = {}, labels }: FitOptions): FittedWeights['heads'] {
  const holds = (start: string): boolean => namesFrom(found, start).length > 0;
  const wanted = (wish: HeadWish = 'keep', start: string): boolean => wish === 'need' || wish === 'create' || (wish === 'keep' && holds(start));
  const rows = labels ?? found.get(`${classifier}.weight`)?.shape[0] ?? (wishes.classifier === 'need' ? 2 : undefined);
  const classifies = wanted(wishes.classifier, `${classifier}.`) && rows !== undefined && tokenClassifier(found, wishes).length === 0;
  const nsp = wanted(wishes.nsp, `${nextSentence}.`);
  return {
    mlm: wanted(wishes.mlm, 'cls.predictions.'),
    nsp,
    pooler: nsp || classifies || wanted(wishes.pooler, `${pooler}.`),
    labels: classifies ? rows : undefined,
  };
}

/** Names of the parameters that a wish lets be created. */
function creatable(name: string, wishes: HeadWishes): boolean {
  if (name.startsWith('cls.predictions.')) return wishes.mlm === 'create';
  if (name.startsWith(`${nextSentence}.`)) return wishes.nsp === 'create';
  if (name.startsWith(`${classifier}.`)) return wishes.classifier === 'create';
  if (!name.startsWith(`${pooler}.`) || wishes.pooler === 'need') return false;
  return [wishes.pooler, wishes.nsp, wishes.classifier].includes('create');
}

/** Whether a name is that of a head's parameter, wanted or not. */
const isOfHead = (name: string): boolean => ['cls.predictions.', `${nextSentence}.`, `${classifier}.`, `${pooler}.`].some((start) => name.startsWith(start));

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * Chooses a model's parameters from tensors by their names here. The weight of the masked words' head must be the table of word embeddings, if the
 * tensors hold it: the head is tied.
 * @throws HooklineError `HOOKLINE_BERT_WEIGHTS` that names every tensor that is missing, surplus or of another shape and not allowed to be
 */
export function fitWeights(found: Found, config: BertConfig, options: FitOptions = {}): FittedWeights {
  const { wishes = {}, allow = [], seed = 0, source = 'the file', fileName = (name) => name } = options;
  const heads = headsOf(found, options);
  const shapes = parameterShapes(config, { ...heads, labels: heads.labels ?? 0 });
  const names = Object.keys(shapes);
  const missing = names.filter((name) => !found.has(name) && !creatable(name, wishes));
  const misshapen = names.filter((name) => found.has(name) && !sameShape(found.get(name)!.shape, shapes[name]!));
  const surplus = [...found.keys()].filter((name) => !Object.hasOwn(shapes, name) && !isOfHead(name));
  const table = found.get(wordTable);
  const decoder = found.get(decoderWeight);
  const faults = [
    ...(allow.includes('missing') || missing.length === 0 ? [] : [`missing: ${missing.map(fileName).join(', ')}`]),
    ...(allow.includes('surplus') || surplus.length === 0 ? [] : [`surplus: ${surplus.map(fileName).join(', ')}`]),
    ...(allow.includes('shape') || misshapen.length === 0
      ? []
      : [
          `of another shape: ${misshapen.map((name) => `${fileName(name)} ${shapeText(found.get(name)!.shape)} where the model needs ${shapeText(shapes[name]!)}`).join(', ')}`,
        ]),
  ];
  if (faults.length > 0) {
    throw new HooklineError('HOOKLINE_BERT_WEIGHTS', `the tensors of ${source} do not fit the model; ${faults.join('; ')}`, {
      hint: 'use the configuration and the heads that the file was saved with, or allow it: what is missing or misshapen is then made anew, what is surplus left out',
    });
  }
  if (heads.mlm && table && decoder && !sameNumbers(table, decoder)) {
    throw new HooklineError('HOOKLINE_BERT_WEIGHTS', `in ${source}, ${fileName(decoderWeight)} is not the table of word embeddings`, {
      hint: 'only tied heads are supported; leave the head for masked words out',
    });
  }
  const created = names.filter((name) => !found.has(name) || misshapen.includes(name));
  const fresh = created.length > 0 ? initializeBert(config, seed, { heads: { ...heads, labels: heads.labels ?? 0 } }) : {};
  const tensors = Object.fromEntries(names.map((name) => [name, created.includes(name) ? fresh[name]! : float32(found.get(name)!)]));
  return { tensors, heads, created, surplus: [...surplus, ...tokenClassifier(found, wishes)] };
}

/**
 * The parameters of a model with these heads, from tensors by their names here; further heads are left out.
 * @throws HooklineError `HOOKLINE_BERT_WEIGHTS` that names every tensor that is missing, surplus or of another shape
 */
export function bertWeights(tensors: Tensors, config: BertConfig, heads: BertHeads = { nsp: true }): Tensors {
  const wish = (wanted: boolean): HeadWish => (wanted ? 'need' : 'drop');
  const wishes: HeadWishes = {
    mlm: wish(heads.mlm ?? true),
    nsp: wish(heads.nsp),
    pooler: wish(heads.pooler || heads.nsp || !!heads.labels),
    classifier: wish(!!heads.labels),
  };
  return fitWeights(new Map(Object.entries(tensors)), config, { wishes, labels: heads.labels, source: 'the weights' }).tensors;
}
