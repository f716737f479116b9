import { type Algebra, type Block, type BlockInfo, type BlockScope, type Gate, HooklineError, type RunBlock } from '@hookline/core';
import { jit, makeJaxpr, type numpy as np } from '@jax-js/jax';
import { changing, distanceBetween, dotProduct, keyOf, squareSum } from './numbers.js';
import { type JaxBlock, type Model, scopeOf } from './scope.js';

type Named = Readonly<Record<string, np.Array>>;
type Body = Parameters<Algebra<np.Array>['run']>[2];

/** Where `parameter` looks names up, and what it has answered. */
interface Source {
  readonly values: Named;
  readonly used: Set<string>;
  readonly block?: string;
}

/** A block's forward pass as a function of everything that it computes with. */
type Forward = (x: np.Array, inputs: np.Array[], own: Record<string, np.Array>, gains: np.Array, key: np.Array) => np.Array;

interface Traced {
  readonly run: Forward & { dispose?: () => void };
  /** Names of the parameters that the body asked for when it was traced. */
  readonly used: ReadonlySet<string>;
}

export interface Border {
  readonly algebra: Algebra<np.Array>;
  /** Calls `f`, a forward pass with these weights; frees what crossed the border of a block once it is done. `used` gets the names of parameters that took part. */
  pass<R>(mode: Model['mode'], values: Named, block: Block<np.Array>, seed: readonly [number, number], f: (model: Model) => R, used?: Set<string>): R;
  dispose(): void;
}

const fault = (code: `HOOKLINE_${string}`, what: string, hint: string): HooklineError => new HooklineError(code, what, { hint });

/** How many tensors a function takes from outside: those are the same ones at each tracing, those that it makes itself are not. */
function capturedBy(forward: Forward, args: Parameters<Forward>): number {
  const traces = [0, 1].map(() => makeJaxpr(forward)(...args).jaxpr);
  const [once, again] = traces.map(({ consts }) => new Set(consts));
  for (const trace of traces) trace.dispose();
  return [...once!].filter((constant) => again!.has(constant)).length;
}

const structureOf = ({ name, gate, mode }: RunBlock): string =>
  [name, mode, gate.gain === 1, ...Object.values(gate.branches).map((branch) => branch.active)].join('|');

const gainsOf = (gate: Gate): np.Array => changing(gate.gain, ...Object.values(gate.branches).map(({ gain }) => gain));

/**
 * The border of the blocks. A block is the unit of compilation: its body is traced once for each set of open branches, and replayed with
 * gains, dropout key, parameters and inputs as arguments. `compile: false` runs bodies op by op.
 *
 * Core borrows: it shows plugins a block's input after the block has run. Hence x is kept until the pass is over, and everything that
 * comes back from a block with it.
 */
export function createBorder(blocks: readonly BlockInfo[], compile = true): Border {
  const ownNames = new Map(blocks.map(({ name, parameters }) => [name, parameters]));
  const compiled = new Map<string, Traced>();
  let source: Source | undefined;
  let lent = new Set<np.Array>();

  const within = <R>(next: Source, f: () => R): R => {
    const outer = source;
    source = next;
    try {
      return f();
    } finally {
      source = outer;
    }
  };

  const parameter = (name: string): np.Array => {
    const value = source?.values[name];
    if (!source || !value)
      throw source?.block === undefined
        ? fault('HOOKLINE_PARAMETERS', `there is no parameter '${name}'`, 'ask for one of those that the learner was given, inside a pass')
        : fault(
            'HOOKLINE_PARAMETERS',
            `block '${source.block}' has no parameter '${name}'`,
            'list it in the block, or pass it after the body: block(name, x, body, …)',
          );
    source.used.add(name);
    return value.ref;
  };

  const forwardOf =
    (call: RunBlock, body: Body, used: Set<string>): Forward =>
    (x, inputs, own, gains, key) =>
      within({ values: own, used, block: call.name }, () => {
        const gain = (index: number) => gains.ref.slice(index);
        const scope = scopeOf(call, (branch) => gain(1 + branch), key);
        const whole = call.gate.gain === 1;
        const y = body(whole ? x : x.ref, scope as unknown as BlockScope<np.Array>, ...inputs);
        const blended = whole ? y : x.ref.add(y.sub(x).mul(gain(0)));
        for (const value of [...Object.values(own), gains, key]) value.dispose();
        return blended;
      });

  const traced = (call: RunBlock, body: Body, args: Parameters<Forward>): Traced => {
    const structure = structureOf(call);
    const known = compiled.get(structure);
    if (known) return known;
    const used = new Set<string>();
    const forward = forwardOf(call, body, used);
    if (!compile) return { run: forward, used };
    const captured = capturedBy(forward, args);
    if (captured > 0)
      throw fault(
        'HOOKLINE_BLOCK_CAPTURE',
        `block '${call.name}' computes with ${captured} tensor${captured > 1 ? 's' : ''} that it was not given`,
        'pass them after the body: block(name, x, body, …)',
      );
    const made = { run: jit(forward), used };
    compiled.set(structure, made);
    return made;
  };

  /** Takes over a reference, until the pass is over. */
  const take = (tensor: np.Array): void => {
    if (lent.has(tensor)) tensor.dispose();
    else lent.add(tensor);
  };

  const algebra: Algebra<np.Array> = {
    run(call, x, body, inputs) {
      if (call.recompute) throw fault('HOOKLINE_RECOMPUTE', `block '${call.name}' cannot be recomputed: jax-js has no checkpoint`, 'train without recompute');
      const { values, used } = source as Source;
      const own = Object.fromEntries((ownNames.get(call.name) ?? []).map((name) => [name, (values[name] as np.Array).ref]));
      const args: Parameters<Forward> = [x.ref, inputs.map((input) => input.ref), own, gainsOf(call.gate), keyOf(call.seed)];
      const forward = traced(call, body, args);
      const y = forward.run(...args);
      for (const name of forward.used) used.add(name);
      take(y);
      return y;
    },
    norm: (x) => Math.sqrt(squareSum(x)),
    dot: dotProduct,
    distance: distanceBetween,
    adopt: (x) => void lent.add(x),
  };

  const across =
    (block: Block<np.Array>): JaxBlock =>
    (name, x, body, ...inputs) => {
      for (const given of [x, ...inputs]) take(given);
      return block(name, x, body as unknown as Body, ...inputs).ref; // scopes are made above: they are JaxScope
    };

  return {
    algebra,
    pass(mode, values, block, seed, f, used = new Set()) {
      const outer = lent;
      lent = new Set();
      try {
        const result = within({ values, used }, () => f({ mode, parameter, block: across(block), key: () => keyOf(seed) }));
        for (const tensor of lent) tensor.dispose(); // not after a throw: nobody knows then which references are left
        return result;
      } finally {
        lent = outer;
      }
    },
    dispose() {
      for (const { run } of compiled.values()) run.dispose?.();
      compiled.clear();
    },
  };
}
