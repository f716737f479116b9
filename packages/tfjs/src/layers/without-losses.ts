import type { Layer } from './graph.js';

/** Calls `f` while these layers have no regularization losses: `model.calculateLosses()` counts those of the others, as often as it does. */
export function withoutLosses<R>(layers: Iterable<Layer>, f: () => R): R {
  const silent = [...layers].filter((layer) => !Object.hasOwn(layer, 'calculateLosses'));
  for (const layer of silent) layer.calculateLosses = () => [];
  try {
    return f();
  } finally {
    for (const layer of silent) delete (layer as Partial<Layer>).calculateLosses;
  }
}
