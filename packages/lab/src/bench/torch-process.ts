import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, HooklineError, type Tensors } from '@hookline/core';
import * as z from 'zod';
import { lineProcess } from './line-process.js';

/** A model in PyTorch, in a process of its own that takes one step on request. */
export interface TorchModel {
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

/** AdamW and clipping, in numbers. */
export interface TorchRecipe {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}

export interface TorchProcessOptions {
  /** A Python that has PyTorch. */
  readonly python: string;
  readonly mode: 'eager' | 'compile';
  /** A script of this package's folder `bench`, or a path. */
  readonly script: string;
  readonly weights: Tensors;
  /** Tensors of the batches, named `0.…`, `1.…`. */
  readonly batches: Tensors;
  readonly recipe: TorchRecipe;
  /** Keeps nothing that training does not need, so that its memory can be measured: it can do steps only. Default false. */
  readonly lean?: boolean;
  /** What the script is told besides. */
  readonly setup: Readonly<Record<string, unknown>>;
}

const greetingSchema = z.object({ torch: z.string(), threads: z.int(), optimizer: z.string(), loaded: z.number() });
const peakSchema = z.object({ peak: z.number() });
const lossSchema = z.object({ loss: z.number() });

/**
 * Starts a model of PyTorch's on these weights and batches. It runs with all threads, the quicker of AdamW's fused and foreach forms, and gradients
 * set to none.
 * @throws HooklineError HOOKLINE_TORCH
 */
export async function torchProcess(options: TorchProcessOptions): Promise<TorchModel> {
  const { python, mode, script, weights, batches, recipe, lean = false, setup } = options;
  const name = `PyTorch (${mode}, ${python})`;
  const hint = "give --torch a Python in which 'import torch' works (python -m venv DIR, DIR/bin/pip install torch), or leave it out";
  const directory = await mkdtemp(join(tmpdir(), 'hookline-torch-'));
  try {
    const path = (file: string): string => join(directory, file);
    await writeFile(path('weights.safetensors'), encodeSafetensors(weights));
    await writeFile(path('batches.safetensors'), encodeSafetensors(batches));
    const told = { ...setup, ...recipe, mode, lean, weights: path('weights.safetensors'), batches: path('batches.safetensors') };
    await writeFile(path('setup.json'), JSON.stringify(told));
    const file = fileURLToPath(new URL(script, new URL('../../bench/', import.meta.url)));
    const child = await lineProcess({ command: python, args: [file, path('setup.json')], name, code: 'HOOKLINE_TORCH', hint });
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
