import { pipe } from 'rxjs';
import { asynchronously, during, eachBlock } from '../../hooks/during.js';
import type { Plugin } from '../../plugin.js';
import { ensure } from '../check.js';
import { first, type PluginSubject, train } from './subject.js';

const turn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve));

interface Builtins {
  getBuiltinModule?(name: 'node:v8'): { setFlagsFromString(flag: string): void };
  getBuiltinModule?(name: 'node:vm'): { runInNewContext(code: string): () => void };
}

/** The garbage collector, where the platform lets one call it: Node does, from 20.16 on; a browser under a flag. */
function collector(): (() => void) | undefined {
  const { gc, process } = globalThis as { gc?: () => void; process?: Builtins };
  if (gc || !process?.getBuiltinModule) return gc;
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  return process.getBuiltinModule('node:vm').runInNewContext('gc');
}

/** Of how many earlier steps and evaluations tensors are still held at the last one, and how many the library counted at the end of each step. */
async function heldTensors(subject: PluginSubject, withPlugin: boolean, live: () => number) {
  const collect = collector();
  const seen: { readonly step: number; readonly tensor: WeakRef<object> }[] = [];
  const counts: number[] = [];
  let held = 0;
  const note = (step: number, tensor: object) => void seen.push({ step, tensor: new WeakRef(tensor) });
  const watch: Plugin = {
    name: 'conformance-tensors',
    stage: first,
    onForwardBlock: eachBlock((call) => {
      note(call.step, call.input);
      if (call.phase === 'leave') note(call.step, call.output);
      return call;
    }),
    onStep: asynchronously(
      pipe(
        during('gradients', (step) => {
          note(step.index, step.gradients);
          return step;
        }),
        during('begin', async (step) => {
          counts.push(live());
          if (step.index < step.total - 1) return step;
          await turn(); // a reference that was looked at lives to the end of its turn
          collect?.();
          const over = seen.filter(({ step: at, tensor }) => at < step.index - 2 && tensor.deref() !== undefined);
          if (collect) held = new Set(over.map(({ step: at }) => at)).size;
          return step;
        }),
      ),
    ),
  };
  await train(subject, { evaluateEvery: 1, around: (plugin) => [watch, ...(withPlugin ? [plugin] : [])] });
  return { held, counts };
}

/** No tensor of a step outlives the next ones: a step's tensors are freed, or of no use any more, when it is over. */
export async function keepsNoTensor(subject: PluginSubject, live: () => number): Promise<void> {
  const { held, counts } = await heldTensors(subject, true, live);
  if (held > 1) {
    // Some may be held by chance, by what the engine has optimised, and not again; the learner may hold others.
    const again = async (withPlugin: boolean) => (await heldTensors(subject, withPlugin, () => 0)).held;
    const least = Math.min(held, await again(true));
    const others = Math.min(await again(false), await again(false));
    ensure(least <= others + 1, `it holds tensors of ${least} steps that are over`, 'keep numbers: algebra.norm, gradients.values');
  }
  const middle = Math.floor(counts.length / 2);
  const grown = Math.max(...counts.slice(middle)) - Math.max(...counts.slice(1, middle + 1));
  ensure(grown <= 0, `over ${counts.length - middle} steps, ${grown} tensors more are there than before`, 'dispose of what a hook makes');
}
