import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BertConfig, initializeBert, type PretrainingBatch, pretrainingRecipe } from '@hookline/bert';
import { encodeSafetensors, HooklineError, type NamedTensor } from '@hookline/core';
import { z } from 'zod';
import type { TrainingShape } from '../shape.js';
import { lineProcess } from './line-process.js';
import { stepProducts } from './products.js';

/** The same BERT in PyTorch, in a process of its own that takes one step on request. */
export interface TorchBert {
  readonly version: string;
  readonly threads: number;
  /** The form of AdamW in use. */
  readonly optimizer: string;
  /** Bytes resident with PyTorch loaded, before there is a model. */
  readonly loaded: number;
  /** One training step on a batch by its number; answers with the loss. */
  step(batch: number): Promise<number>;
  /** Every matrix product of a step once. */
  products(): Promise<void>;
  /** The most bytes that the process has had resident. */
  peak(): Promise<number>;
  /** Back to the initial weights with a new optimizer. */
  reset(dropout: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface TorchOptions {
  /** A Python that has PyTorch. */
  readonly python: string;
  readonly mode: 'eager' | 'compile';
  readonly shape: TrainingShape;
  readonly config: BertConfig;
  readonly batches: readonly PretrainingBatch[];
  readonly learningRate: number;
  readonly seed: number;
  /** Keeps nothing that training does not need, so that its memory can be measured: it can do steps only. Default false. */
  readonly lean?: boolean;
  /** Default: the script that comes with this package. */
  readonly script?: string;
}

const greetingSchema = z.object({ torch: z.string(), threads: z.int(), optimizer: z.string(), loaded: z.number() });
const peakSchema = z.object({ peak: z.number() });
const lossSchema = z.object({ loss: z.number() });

const ints = (data: Int32Array): NamedTensor => ({ shape: [data.length], data });

/** The tensors of a batch under its number; masked positions as rows of [B·S, H]. */
const batchTensors = (batch: PretrainingBatch, index: number): [string, NamedTensor][] => [
  [`${index}.inputIds`, ints(batch.inputIds)],
  [`${index}.tokenTypeIds`, ints(batch.tokenTypeIds)],
  [`${index}.rows`, ints(batch.maskedPositions.map((position, i) => Math.floor(i / batch.maskedPerRow) * batch.sequenceLength + position))],
  [`${index}.labels`, ints(batch.maskedIds)],
];

/**
 * Starts PyTorch on the same initial weights, batches and recipe. It runs at its best: all threads, fused attention, the quicker of AdamW's
 * fused and foreach forms, logits of the masked positions only, gradients set to none.
 * @throws HooklineError HOOKLINE_TORCH
 */
export async function torchBert(options: TorchOptions): Promise<TorchBert> {
  const { python, mode, shape, config, batches, learningRate, seed, lean = false } = options;
  const { script = fileURLToPath(new URL('../../bench/torch_step.py', import.meta.url)) } = options;
  const { betas, epsilon, weightDecay, clipNorm } = pretrainingRecipe(config);
  const name = `PyTorch (${mode}, ${python})`;
  const hint = "give --torch a Python in which 'import torch' works (python -m venv DIR, DIR/bin/pip install torch), or leave it out";
  const directory = await mkdtemp(join(tmpdir(), 'hookline-torch-'));
  try {
    const path = (file: string): string => join(directory, file);
    await writeFile(path('weights.safetensors'), encodeSafetensors(initializeBert(config, seed, { heads: { nsp: false } })));
    await writeFile(path('batches.safetensors'), encodeSafetensors(Object.fromEntries(batches.flatMap(batchTensors))));
    const setup = {
      ...{ mode, lean, learningRate, betas, epsilon, weightDecay, clipNorm },
      shape: { ...shape, layerNormEps: config.layerNormEps },
      weights: path('weights.safetensors'),
      batches: path('batches.safetensors'),
      products: (lean ? [] : stepProducts(shape)).map(({ count, batch, m, k, n }) => [count, batch, m, k, n]),
    };
    await writeFile(path('setup.json'), JSON.stringify(setup));
    const child = await lineProcess({ command: python, args: [script, path('setup.json')], name, code: 'HOOKLINE_TORCH', hint });
    const checked = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      throw new HooklineError('HOOKLINE_TORCH', `${name} answered ${JSON.stringify(value)}`, { hint });
    };
    const { torch, threads, optimizer, loaded } = checked(greetingSchema, child.greeting);
    return {
      version: torch,
      threads,
      optimizer,
      loaded,
      step: async (batch) => checked(lossSchema, await child.ask({ do: 'step', batch })).loss,
      products: async () => void (await child.ask({ do: 'products' })),
      peak: async () => checked(peakSchema, await child.ask({ do: 'memory' })).peak,
      reset: async (dropout) => void (await child.ask({ do: 'reset', dropout })),
      dispose: () => child.close(),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
