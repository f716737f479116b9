import { tableLines } from '../../start/table.js';
import type { BenchLayers } from '../layers.js';
import { spread, timingColumns, timingRow } from './common.js';

export const layersShapeLine = ({ batchSize, width, inner, blocks }: BenchLayers['shape']): string =>
  `residual network of tf.layers, ${blocks} blocks ${width}-${inner}-${width}, batch ${batchSize}`;

export const layersLines = ({ timings, closedOverBuilt, stockOverOurs }: BenchLayers): readonly string[] => [
  ...tableLines({ columns: timingColumns, rows: timings.map(timingRow) }),
  '',
  `Half of the blocks closed over a model built with the other half: ${spread(closedOverBuilt, 3)}.`,
  ...(stockOverOurs ? [`All of them on the products of stock TensorFlow.js over the same on ours: ${spread(stockOverOurs, 2)}.`] : []),
];
