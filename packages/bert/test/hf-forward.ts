import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineName, loadEngine, openBlock } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { encode } from '../src/model/bert.js';
import { pool } from '../src/model/heads.js';
import { bertModel } from '../src/model/inference.js';
import { readPretrained } from '../src/node/pretrained/index.js';

/** What transformers computed of some texts. The ids decode to texts that are not ours to copy: these files stay where they are. */
interface Item {
  readonly file: string;
  /** From 0, after the header. */
  readonly row: number;
  readonly inputIds: readonly number[];
  readonly tokenTypeIds: readonly number[];
  readonly cls8: readonly number[];
  readonly pooled8: readonly number[];
  readonly lastHiddenMean: number;
  readonly lastHiddenStd: number;
  readonly lastHiddenL2: number;
  readonly clsL2: number;
  readonly pooledL2: number;
}

const shared = join(import.meta.dirname, '..', '..', '..', '..', 'shared');
const oracles = join(shared, 'oracles', 'hf_forward');

/** Models that transformers has run: where they lie, and their figures; `here` says whether both are on this machine. */
const modelAt = (folder: string, figures: string) => ({
  folder,
  figures: join(oracles, figures),
  here: folder !== '' && existsSync(folder) && existsSync(join(oracles, figures)),
});
export const randomBert = modelAt(join(oracles, 'random_bert_h64'), 'forward_oracle.json');
/** `HOOKLINE_MINILM` names the folder; .ci/run fetches it. */
export const miniLm = modelAt(process.env['HOOKLINE_MINILM'] ?? '', 'minilm_oracle.json');

type Model = ReturnType<typeof modelAt>;
const itemsOf = ({ figures }: Model): readonly Item[] => (JSON.parse(readFileSync(figures, 'utf8')) as { items: Item[] }).items;

/** Largest deviations of a model's hidden states and pooled outputs; all texts run as one padded batch. */
export async function deviations(of: Model, engine: EngineName): Promise<Readonly<Record<'state' | 'spread' | 'norm', number>>> {
  await loadEngine(engine);
  const items = itemsOf(of);
  const { config, tensors, heads } = await readPretrained(of.folder, { heads: { pooler: 'need' } });
  const model = bertModel(config, tensors, { ...heads, labels: heads.labels ?? 0 });
  const length = Math.max(...items.map(({ inputIds }) => inputIds.length));
  const padded = (row: readonly number[]): number[] => [...row, ...Array<number>(length - row.length).fill(0)];
  const [hidden, pooled] = tf.tidy(() => {
    const input = {
      inputIds: tf.tensor1d(
        items.flatMap(({ inputIds }) => padded(inputIds)),
        'int32',
      ),
      tokenTypeIds: tf.tensor1d(
        items.flatMap(({ tokenTypeIds }) => padded(tokenTypeIds)),
        'int32',
      ),
      attentionMask: tf.tensor2d(items.map(({ inputIds }) => padded(inputIds.map(() => 1)))),
    };
    const states = encode(model, input, openBlock, { mode: 'evaluate', seed: [0, 0] });
    const first = pool(model, states, items.length);
    return [states.arraySync() as number[][], first.arraySync() as number[][]];
  });
  model.dispose();
  const l2 = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const worst = { state: 0, spread: 0, norm: 0 };
  const note = (kind: keyof typeof worst, actual: number, expected: number, unit = 1): void => {
    worst[kind] = Math.max(worst[kind], Math.abs(actual - expected) / unit);
  };
  for (const [i, item] of items.entries()) {
    const states = hidden!.slice(i * length, i * length + item.inputIds.length); // [S, H]
    const all = states.flat();
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    for (const [at, value] of item.cls8.entries()) note('state', states[0]![at]!, value);
    for (const [at, value] of item.pooled8.entries()) note('state', pooled![i]![at]!, value);
    note('spread', mean, item.lastHiddenMean);
    note('spread', l2(all.map((value) => value - mean)) / Math.sqrt(all.length), item.lastHiddenStd);
    note('norm', l2(all), item.lastHiddenL2, item.lastHiddenL2);
    note('norm', l2(states[0]!), item.clsL2, item.clsL2);
    note('norm', l2(pooled![i]!), item.pooledL2, item.pooledL2);
  }
  return worst;
}

/** Whether the folder's tokenizer makes the ids of each text that transformers made. */
export async function expectSameIds(of: Model): Promise<void> {
  const { tokenizer } = await readPretrained(of.folder);
  for (const { file, row, inputIds, tokenTypeIds } of itemsOf(of)) {
    const lines = readFileSync(join(shared, 'data', 'glue', file), 'utf8').split('\n');
    const cells = lines[row + 1]!.split('\t');
    const [a, b] = file.startsWith('RTE') ? [cells[1]!, cells[2]!] : [cells[0]!, undefined];
    const encoded = tokenizer.encodeInput(a, b, {});
    expect(encoded.ids, `${file}:${row + 2}`).toEqual(inputIds);
    expect(encoded.tokenTypeIds, `${file}:${row + 2}`).toEqual(tokenTypeIds);
  }
}
