import { tableLines } from '../../start/table.js';
import type { BenchHooks } from '../hooks.js';
import { milliseconds, percentages, spread, timingColumns, timingRow } from './common.js';

export function hooksLines({ timings, plugins, byDifference, still, share, costs, perEvent, events, lossDifference }: BenchHooks): readonly string[] {
  const rows = costs.map((cost) => [String(cost.plugins), milliseconds(cost.median), cost.quartiles.map(milliseconds).join(' – ')]);
  return [
    ...tableLines({ columns: timingColumns, rows: timings.map(timingRow) }),
    '',
    `Plugins: ${plugins.join(', ')}.`,
    `Trainer less bare calls: ${percentages(byDifference)} of a step.`,
    `The same trainer and plugins on a learner that computes nothing: ${spread(still, 0)} us a step, ${percentages(share)} of a step.`,
    '',
    ...tableLines({ columns: ['plugins that answer every event', 'us a step', 'quartiles'], rows }),
    '',
    `One more plugin costs ${perEvent.toFixed(2)} us an event, of which a step has ${events}.`,
    `Losses of both over 10 steps agreed within ${lossDifference.toExponential(1)}.`,
  ];
}
