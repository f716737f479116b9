import { HooklineError } from './errors.js';
import type { BlockLeave } from './events.js';
import type { Gate, Gates } from './gates.js';
import type { Pipelines } from './hooks/pipelines.js';
import type { Algebra, Block } from './learner.js';
import { didYouMean } from './nearest.js';

/** A forward pass, or an evaluation, whose blocks are to be run. */
export interface Pass<T> {
  readonly mode: 'train' | 'evaluate';
  readonly step: number;
  /** Index of the micro-batch under accumulation. */
  readonly micro: number;
  readonly gates: Gates;
  readonly algebra: Algebra<T>;
  readonly hook: Pipelines<T>['block'];
  readonly recompute: (block: string) => boolean;
  /** Key of the dropout of the block with this index. */
  readonly seedOf: (index: number) => readonly [number, number];
}

const misused = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_BLOCK', what, { hint });

/**
 * @param part what the body belongs to: `block 'layer.1'`
 * @throws HooklineError `HOOKLINE_BLOCK` where the body gave nothing, or a promise of something
 */
export function checkBlockOutput(part: string, output: unknown): void {
  if (output === undefined || output === null) throw misused(`the body of ${part} returned nothing`, 'return its output');
  if (typeof (output as { then?: unknown }).then === 'function')
    throw misused(`the body of ${part} is asynchronous`, 'a forward pass is synchronous: compute what it awaits before');
}

/** The border of the blocks in one pass. */
export interface Border<T> extends Block<T> {
  /** After the pass. @throws HooklineError `HOOKLINE_BLOCK` for a block of the plan that the pass left out: its gate was decided, and nothing obeyed it */
  verify(): void;
}

/**
 * The border of a residual block: the one place where gates, hooks and recomputation meet. A closed block's body is not called.
 * @throws HooklineError `HOOKLINE_BLOCK` for an unknown, nested or repeated block, one out of order, and for an asynchronous body
 */
export function makeBlock<T>(pass: Pass<T>): Border<T> {
  const { mode, step, micro, algebra, hook } = pass;
  const places = new Map<string, readonly [number, Gate]>(pass.gates.map((gate, index) => [gate.name, [index, gate]]));
  const ran = new Set<string>();
  let inside: string | undefined;
  /** Index of the block that ran last. */
  let last = -1;

  const place = (name: string): readonly [number, Gate] => {
    const found = places.get(name);
    if (!found) throw misused(`the learner has no block '${name}'`, didYouMean(name, places.keys()));
    if (inside !== undefined) throw misused(`block '${name}' lies inside block '${inside}'`, 'use branch() for the parts of a block');
    if (mode === 'train' && ran.has(name)) throw misused(`block '${name}' ran twice in one forward pass`, 'give each call of block() a name of its own');
    if (mode === 'train' && found[0] < last) {
      throw misused(`block '${name}' ran after '${pass.gates[last]?.name}', and the learner lists it before`, 'run the blocks in one order at every step');
    }
    last = found[0];
    ran.add(name);
    return found;
  };

  const block: Block<T> = (name, x, body, ...inputs) => {
    const [index, gate] = place(name);
    const recompute = pass.recompute(name);
    // Events are built as literals: a spread costs more than all the rest of a block's border.
    const input = hook ? hook({ phase: 'enter', mode, step, micro, index, name, gate, input: x, recompute }).input : x;
    let output = input;
    if (gate.active) {
      inside = name;
      try {
        // The algebra passes on just the inputs that the body was given with, so its wider parameter list is safe.
        output = algebra.run({ name, gate, recompute, seed: pass.seedOf(index), mode }, input, body as unknown as Parameters<Algebra<T>['run']>[2], inputs);
      } finally {
        inside = undefined;
      }
      checkBlockOutput(`block '${name}'`, output);
    }
    return hook ? hook<BlockLeave<T>>({ phase: 'leave', mode, step, micro, index, name, gate, input, output }).output : output;
  };
  const verify = (): void => {
    const left = [...places.keys()].find((name) => !ran.has(name));
    if (left !== undefined)
      throw misused(`the learner lists block '${left}', and its forward pass did not run it`, 'call block() for each, and list no others in blocks');
  };
  return Object.assign(block, { verify });
}
