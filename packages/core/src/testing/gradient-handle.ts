import { HooklineError } from '../errors.js';
import type { Gradients } from '../learner.js';
import type { Vec } from './tape.js';

export type Named = Record<string, Float64Array>;

/** What the micro-batches of a step have given so far. */
export interface Accumulated {
  readonly gradients: Named;
  readonly losses: Record<string, number>;
}

type Transform = (gradients: Named) => Named;

interface Recipe {
  readonly accumulated: Accumulated;
  /** Computed when first asked for. */
  readonly result: () => Named;
}

const recipes = new WeakMap<Gradients<Vec>, Recipe>();

/** L2 norm over all of them. */
export const norm = (gradients: Named): number => Math.sqrt(Object.values(gradients).reduce((sum, one) => one.reduce((inner, g) => inner + g * g, sum), 0));

const each = (gradients: Named, fn: (values: Float64Array, name: string) => Float64Array): Named =>
  Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, fn(values, name)]));

const clipNorm =
  (limit: number): Transform =>
  (gradients) => {
    const factor = Math.min(1, limit / (norm(gradients) + 1e-6));
    return factor < 1 ? each(gradients, (values) => values.map((g) => g * factor)) : gradients;
  };

/** The handle on what was accumulated, under a chain of transforms. Nothing is computed before it is needed. */
function handle(accumulated: Accumulated, source: () => Named): Gradients<Vec> {
  let memo: Named | undefined;
  const result = () => {
    memo ??= source();
    return memo;
  };
  const then = (transform: Transform) => handle(accumulated, () => transform(result()));
  const then1 = (fn: (values: Float64Array, name: string) => Float64Array) => then((gradients) => each(gradients, fn));
  const self: Gradients<Vec> = {
    names: Object.keys(accumulated.gradients),
    norm: (name) => norm(name === undefined ? result() : { [name]: valuesOf(result(), name) }),
    clipNorm: (limit) => then(clipNorm(limit)),
    clipValue: (limit) => then1((values) => values.map((g) => Math.max(-limit, Math.min(limit, g)))),
    scale: (factor, which = () => true) => then1((values, name) => (which(name) ? values.map((g) => g * factor) : values)),
    map: (fn) => then1((values, name) => fn({ values, gradient: values }, name).values),
    values: (name) => valuesOf(result(), name).slice(),
    replace: (replacements) => then1((values, name) => (replacements[name] ? Float64Array.from(replacements[name]) : values)),
  };
  recipes.set(self, { accumulated, result });
  return self;
}

function valuesOf(gradients: Named, name: string): Float64Array {
  const values = gradients[name];
  if (values) return values;
  throw new HooklineError('HOOKLINE_GRADIENTS', `there is no gradient of '${name}' in this step`, { hint: 'a dropped block has none: look at names' });
}

export const gradientHandle = (accumulated: Accumulated): Gradients<Vec> => handle(accumulated, () => accumulated.gradients);

/** What stands behind a handle. @throws HooklineError `HOOKLINE_GRADIENTS` for a handle of another learner */
export function recipeOf(gradients: Gradients<Vec>): Recipe {
  const recipe = recipes.get(gradients);
  if (!recipe)
    throw new HooklineError('HOOKLINE_GRADIENTS', 'these gradients do not come from this learner', {
      hint: 'answer with step.gradients, or with what one of its verbs gave',
    });
  return recipe;
}
