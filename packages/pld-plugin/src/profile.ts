import { HooklineError } from '@hookline/core';
import * as z from 'zod';

/**
 * How keep probability and scale are read off the depth; they differ in the wild. With u = 1 − theta and blocks i = 1 … L:
 *
 * | convention | keep probability | scale |
 * |---|---|---|
 * | `paper`: the text's formula | 1 − (i/L) u | 1 / keep |
 * | `algorithm1`: its pseudocode, which decrements after sampling | 1 − ((i−1)/L) u | 1 / keep |
 * | `deepspeed`: modelingpreln_layerdrop.py | 1 − ((i−1)/L) u | 1 / (1 − (i/L) u) |
 *
 * The mismatch of `deepspeed` is kept on purpose, to repeat its runs: its mean branch gain is 1.04 to 1.08 at L = 12, theta = 0.5.
 */
export const conventionSchema = z.enum(['paper', 'algorithm1', 'deepspeed']);
export type Convention = z.output<typeof conventionSchema>;

/** A block's share of 1 − theta, as a function of its relative depth 0 to 1; answers in [0, 1]. */
export type ProfileFunction = (depth: number) => number;

/**
 * Which blocks are dropped more: `linear` in the depth (the paper), `uniform` (each block's keep probability is theta),
 * a list of one share for each block (0: never dropped, 1: keep probability theta), or a function of the relative depth.
 * The convention moves the depth at which a profile is read; a list is read as it stands.
 */
export const profileSchema = z.union([
  z.enum(['linear', 'uniform']),
  z.array(z.number().min(0).max(1)).min(1),
  z.custom<ProfileFunction>((value) => typeof value === 'function', "expected 'linear', 'uniform', a list of shares or a function of the depth"),
]);
export type Profile = z.output<typeof profileSchema>;

export interface DepthOptions {
  /** Default `paper`. */
  readonly convention?: Convention | undefined;
  /** Default `linear`. */
  readonly profile?: Profile | undefined;
}

/** Shares of 1 − theta for each block: those of the keep probability, and those that the scale is computed from. */
export interface Shares {
  readonly keep: readonly number[];
  readonly scale: readonly number[];
}

function share(profile: Profile, index: number, blocks: number): number {
  if (profile === 'linear') return index / blocks;
  if (profile === 'uniform') return 1;
  const value = (profile as ProfileFunction)(index / blocks);
  if (value >= 0 && value <= 1) return value;
  throw new HooklineError('HOOKLINE_PROFILE', `the depth profile is ${value} at relative depth ${index / blocks}`, {
    hint: 'answer with a number from 0 to 1',
  });
}

/**
 * The shares of `blocks` blocks.
 * @throws HooklineError `HOOKLINE_PROFILE` when a list has another length, or a function answers outside [0, 1]
 */
export function depthShares(blocks: number, { convention = 'paper', profile = 'linear' }: DepthOptions = {}): Shares {
  if (Array.isArray(profile)) {
    if (profile.length !== blocks) {
      throw new HooklineError('HOOKLINE_PROFILE', `the depth profile lists ${profile.length} shares for ${blocks} blocks`, {
        hint: 'list one share for each block',
      });
    }
    return { keep: profile, scale: profile };
  }
  const read = (offset: number) => Array.from({ length: blocks }, (_, i) => share(profile, i + offset, blocks));
  const text = read(1);
  return convention === 'paper' ? { keep: text, scale: text } : { keep: read(0), scale: convention === 'deepspeed' ? text : read(0) };
}

/** Keep probability of each block, the input's block first: 1 − share · (1 − theta). Zhang & He 2020, section 4. */
export const keepProbabilities = (blocks: number, theta: number, options: DepthOptions = {}): number[] =>
  depthShares(blocks, options).keep.map((share) => 1 - share * (1 - theta));

/** Factor of an active block's residual by the convention: 1 / keep, but for `deepspeed`. A block that is never active gets 1. */
export const residualScales = (blocks: number, theta: number, options: DepthOptions = {}): number[] =>
  depthShares(blocks, options).scale.map((share) => inverse(1 - share * (1 - theta)));

/** 1 / p, and 1 where p is 0: that gate never opens. */
export const inverse = (p: number): number => (p > 0 ? 1 / p : 1);
