import { HooklineError } from '../errors.js';
import type { Gradients } from '../learner.js';
import type { Host } from '../values.js';
import type { Vec } from './tape.js';

export type Named = Record<string, Float64Array>;

/** What the micro-batches of a step have given so far. */
export interface Accumulated {
  readonly gradients: Named;
  readonly losses: Record<string, number>;
  /** Micro-batches so far; a handle is good until the next one. */
  batches: number;
  /** Whether the update is done. */
  over: boolean;
}

export const accumulate = (): Accumulated => ({ gradients: {}, losses: {}, batches: 0, over: false });

type Transform = (gradients: Named) => Named;

interface Recipe {
  readonly accumulated: Accumulated;
  /** Computed when first asked for. */
  readonly result: () => Named;
  /** Whether a verb led to the handle. */
  readonly changed: boolean;
}

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_GRADIENTS', what, { hint });

const recipes = new WeakMap<Gradients<Vec>, Recipe>();

/** L2 norm over all of them. */
export const norm = (gradients: Named): number => Math.sqrt(Object.values(gradients).reduce((sum, one) => one.reduce((inner, g) => inner + g * g, sum), 0));

const each = <H extends Host>(gradients: Readonly<Record<string, H>>, fn: (values: H, name: string) => Float64Array): Named =>
  Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, fn(values, name)]));

const clipNorm =
  (limit: number): Transform =>
  (gradients) => {
    const factor = Math.min(1, limit / (norm(gradients) + 1e-6));
    return factor < 1 ? each(gradients, (values) => values.map((g) => g * factor)) : gradients;
  };

/** Refuses numbers for what is no parameter, and other numbers than a parameter has. */
function checkReplacements(replacements: Readonly<Record<string, Host>>, sizeOf: (parameter: string) => number | undefined): void {
  for (const [name, { length }] of Object.entries(replacements)) {
    const size = sizeOf(name);
    if (size === undefined) throw fault(`a gradient is given for '${name}', which is no parameter`, 'use names of this handle');
    if (length !== size) throw fault(`the gradient given for '${name}' has ${length} numbers instead of ${size}`, 'keep the length that values(name) had');
  }
}

/**
 * The handle on what was accumulated so far. Nothing is computed before it is needed.
 * @param sizeOf numbers of a parameter; undefined for what is none
 */
export function gradientHandle(accumulated: Accumulated, sizeOf: (parameter: string) => number | undefined): Gradients<Vec> {
  const { batches } = accumulated;
  const check = (): void => {
    if (accumulated.over) throw fault('these gradients are gone: their update is done', 'use gradients in the step that they belong to');
    if (accumulated.batches !== batches)
      throw fault('these gradients are stale: another micro-batch was added to them', 'use the handle that the last call gave');
  };
  const make = (names: readonly string[], source: () => Named, changed: boolean): Gradients<Vec> => {
    let memo: Named | undefined;
    const result = (): Named => {
      check();
      memo ??= source();
      return memo;
    };
    const then = (transform: Transform, next = names) => make(next, () => transform(result()), true);
    const then1 = (fn: (values: Float64Array, name: string) => Float64Array) => then((gradients) => each(gradients, fn));
    const self: Gradients<Vec> = {
      names,
      losses() {
        check();
        return { ...accumulated.losses };
      },
      norm: (name) => norm(name === undefined ? result() : { [name]: valuesOf(result(), name) }),
      clipNorm: (limit) => then(clipNorm(limit)),
      clipValue: (limit) => then1((values) => values.map((g) => Math.max(-limit, Math.min(limit, g)))),
      scale: (factor, which = () => true) => then1((values, name) => (which(name) ? values.map((g) => g * factor) : values)),
      map: (fn) => then1((values, name) => fn({ values, gradient: values }, name).values),
      values: (name) => valuesOf(result(), name).slice(),
      replace(replacements) {
        checkReplacements(replacements, sizeOf);
        const given = each(replacements, (values) => Float64Array.from(values));
        return then((gradients) => ({ ...gradients, ...given }), [...new Set([...names, ...Object.keys(given)])]);
      },
    };
    recipes.set(self, { accumulated, result, changed });
    return self;
  };
  return make(Object.keys(accumulated.gradients), () => accumulated.gradients, false);
}

function valuesOf(gradients: Named, name: string): Float64Array {
  const values = gradients[name];
  if (values) return values;
  throw fault(`there is no gradient of '${name}' in this step`, 'a dropped block has none: look at names');
}

/** What stands behind a handle. @throws HooklineError `HOOKLINE_GRADIENTS` for a handle of another learner */
export function recipeOf(gradients: Gradients<Vec>): Recipe {
  const recipe = recipes.get(gradients);
  if (!recipe) throw fault('these gradients do not come from this learner', 'answer with step.gradients, or with what one of its verbs gave');
  return recipe;
}

/** What another micro-batch is added to. @throws HooklineError `HOOKLINE_GRADIENTS` for a handle that is over, stale or changed */
export function accumulatedOf(gradients: Gradients<Vec>): Accumulated {
  const { accumulated, result, changed } = recipeOf(gradients);
  if (changed) throw fault('a micro-batch cannot be added to gradients that were clipped or changed', 'accumulate first');
  result();
  return accumulated;
}
