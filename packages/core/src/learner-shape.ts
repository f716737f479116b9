import * as z from 'zod';

const callable = z.custom((value) => typeof value === 'function', 'must be a function');
const verbs = <K extends string>(...names: readonly K[]) => z.looseObject(Object.fromEntries(names.map((name) => [name, callable])));

const block = z.looseObject({
  name: z.string().min(1),
  branches: z.array(z.string().min(1)),
  parameters: z.array(z.string()),
  cost: z.number().nonnegative(),
});

const different = (names: readonly string[]): boolean => new Set(names).size === names.length;

const parts = z.looseObject(
  {
    blocks: z.array(block).refine((blocks) => different(blocks.map(({ name }) => name)), 'must have different names'),
    data: z.looseObject({ batchesPerEpoch: z.int().positive(), batch: callable, counts: callable }),
    evaluationSets: z.array(z.string()).refine(different, 'must have different names'),
    algebra: verbs('run', 'norm', 'dot', 'distance'),
    weights: verbs('norms', 'copy', 'lerp', 'restore', 'remove', 'has').extend({ names: z.array(z.string()) }),
    gradients: callable,
    update: callable,
    evaluate: callable,
    save: callable,
    load: callable,
    dispose: callable,
  },
  'must be a learner',
);

/** The parts that a learner must have: what TypeScript would say of it, for those who write JavaScript. */
export const learnerSchema = z
  .unknown()
  .refine((value) => typeof (value as { then?: unknown } | undefined)?.then !== 'function', { error: 'is a Promise: await the learner', abort: true })
  .pipe(parts);
