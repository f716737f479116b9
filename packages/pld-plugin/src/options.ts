import * as z from 'zod';
import { conventionSchema, profileSchema } from './profile.js';
import { scheduleSchema } from './schedule.js';

/** Options common to all methods. */
export const commonOptions = {
  /** One gate for a block and its branches, or one for each branch. */
  gates: z.enum(['block', 'branch']).default('block'),
  sampling: z.enum(['bernoulli', 'systematic']).default('bernoulli'),
  /** At least so many blocks run in each step; rule and marginals: `raiseToFloor`. */
  minimumActive: z.int().min(0).default(0),
  /** What the optimizer does with the parameters of a dropped block. */
  dropped: z.enum(['skip', 'decay', 'zeroGradient']).default('skip'),
  /** The step count in Adam's bias correction. */
  counter: z.enum(['own', 'global']).default('own'),
  /** Share of the blocks' compute that the run saves in expectation; solves the method's own parameter. */
  matchSaving: z.number().min(0).lt(1).optional(),
};

export const scalingSchema = z.enum(['branch', 'block', 'none']);

const needsSampling = ['convention', 'profile', 'scaling'] as const;

/** Options of Progressive Layer Dropping. */
export const pldOptions = z
  .strictObject({
    /** Theta at the end of the schedule; default 0.5. The paper suggests 0.5 to 0.9. */
    thetaBar: z.number().min(0).max(1).optional(),
    /** Default `exponential`. */
    schedule: scheduleSchema.optional(),
    /** Of the exponential schedule; default 100 / (steps of the run). */
    gamma: z.number().positive().optional(),
    /** Forward pass k uses theta(max(0, k − lag)); 1 repeats DeepSpeed's engine, which updates theta a step late. */
    lag: z.int().min(0).default(0),
    /** Default `linear`. */
    profile: profileSchema.optional(),
    /** Default `paper`. */
    convention: conventionSchema.optional(),
    /** Default: by branch, none on PostLN, whole block where a block declares no branches. */
    scaling: scalingSchema.optional(),
    ...commonOptions,
  })
  .superRefine((options, context) => {
    const refuse = (option: string, message: string) => context.addIssue({ code: 'custom', path: [option], message });
    const type = typeof options.schedule === 'object' ? options.schedule.type : (options.schedule ?? 'exponential');
    if (options.thetaBar !== undefined && options.matchSaving !== undefined) refuse('matchSaving', 'solves thetaBar, so give only one of the two');
    if (options.gamma !== undefined && type !== 'exponential') refuse('gamma', 'belongs to the exponential schedule');
    if (options.gamma !== undefined && typeof options.schedule === 'object')
      refuse('gamma', 'is given beside a schedule with options of its own; write it inside');
    if (options.thetaBar !== undefined && typeof type === 'function') refuse('thetaBar', 'does not enter a schedule given as a function');
    if (type !== 'growth') return;
    for (const option of needsSampling) if (options[option] !== undefined) refuse(option, 'does not apply to growth, which draws no gates and has gain 1');
    if (options.gates === 'branch') refuse('gates', 'does not apply to growth, which runs whole blocks');
    if (options.sampling === 'systematic') refuse('sampling', 'does not apply to growth, which draws no gates');
  });

/** What a user writes. */
export type PldOptions = z.input<typeof pldOptions>;
/** Checked, with defaults. */
export type ParsedOptions = z.output<typeof pldOptions>;
