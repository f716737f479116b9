import { HooklineError } from '@hookline/core';
import { type NativeBackend, nativeBackend, type OpAttribute, type TensorMetadata } from './native.js';

/** Runs of one op on inputs of the same shapes, outside of graphs. */
export interface OpTime {
  readonly op: string;
  /** Shapes of its inputs and its first output, e.g. `[4,8] [8,2] -> [4,2]`. */
  readonly shapes: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/**
 * Starts to time the ops that the native engine runs one by one; a compiled function's graphs are not among them (see `onReplay`). `take` answers with
 * the times since the last `take`, the longest first, and goes on; `stop` does so and ends.
 * @throws HooklineError HOOKLINE_ENGINE_MISSING on another engine
 */
export function timeOps(): { readonly take: () => readonly OpTime[]; readonly stop: () => readonly OpTime[] } {
  const backend = nativeBackend();
  if (!backend) {
    throw new HooklineError('HOOKLINE_ENGINE_MISSING', 'ops can be timed on the native engine alone', { hint: 'load the engine `native` first' });
  }
  const { binding } = backend;
  const shapes = new Map<number, readonly number[]>();
  const times = new Map<string, { op: string; shapes: string; calls: number; milliseconds: number }>();
  const shapeOf = (id: number): string => `[${shapes.get(id) ?? ''}]`;

  backend.binding = Object.create(binding, {
    executeOp: {
      value(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[] {
        const start = performance.now();
        const answered = binding.executeOp(op, attributes, inputs, outputs);
        const milliseconds = performance.now() - start;
        const of = `${inputs.map(shapeOf).join(' ')} -> [${answered[0]?.shape ?? ''}]`;
        const one = times.get(op + of) ?? { op, shapes: of, calls: 0, milliseconds: 0 };
        times.set(op + of, { ...one, calls: one.calls + 1, milliseconds: one.milliseconds + milliseconds });
        return answered;
      },
    },
  });
  const take = (): readonly OpTime[] => {
    const taken = [...times.values()].sort((a, b) => b.milliseconds - a.milliseconds);
    times.clear();
    return taken;
  };
  const own: NativeBackend = Object.getPrototypeOf(backend);
  backend.getInputTensorIds = (tensors) => {
    const ids = own.getInputTensorIds.call(backend, tensors);
    for (const [i, id] of ids.entries()) shapes.set(id, tensors[i]?.shape ?? []); // what is no tensor is a number
    return ids;
  };
  return {
    take,
    stop() {
      delete (backend as Partial<NativeBackend>).getInputTensorIds;
      backend.binding = binding;
      return take();
    },
  };
}
