import type { BertConfig } from '@hookline/bert';
import { readMetrics } from '@hookline/core/node';
import type { Summary } from '@hookline/glue';
import { runFiles } from '../pretrain/files.js';
import { methodOf } from '../pretrain/plugins.js';
import { machineFacts } from '../recording/machine.js';
import { recordingOf } from '../recording/recording.js';
import type { Report, ReportTable } from '../report/index.js';
import { epochsOf, type FinetuneConfig } from './config.js';
import type { FinetuneResult } from './finetune.js';

const figure = (value: number | undefined): string => (value === undefined || Number.isNaN(value) ? 'none' : value.toFixed(4));

const plural = (n: number): string => `${n} seed${n === 1 ? '' : 's'}`;

const spread = ({ n, mean, sd, min, max }: Summary): string =>
  `Score over ${plural(n)}: mean ${figure(mean)}, standard deviation ${n < 2 ? 'unknown' : figure(sd)}, least ${figure(min)}, most ${figure(max)}. The last epoch is the score; the best is chosen on the set that it is measured on.`;

/** Every seed with its metrics at the end, its best score, and its wall-clock. */
export function seedsTable({ task, seeds, set, summary }: FinetuneResult): ReportTable {
  const sets = Object.keys(seeds[0]?.metrics ?? {});
  const names = sets.flatMap((one) => [...task.metrics].map((metric) => ({ one, metric, label: sets.length > 1 ? `${metric}, ${one}` : metric })));
  return {
    title: `${task.name}: the end of each seed`,
    columns: ['Seed', ...names.map(({ label }) => label), `Score on ${set}`, 'Best on it', 'Seconds'],
    rows: seeds.map(({ seed, steps, stopped, metrics, best, seconds }) => [
      stopped === undefined ? String(seed) : `${seed}, stopped after step ${steps}`,
      ...names.map(({ one, metric }) => figure(metrics[one]?.[metric])),
      figure(metrics[set]?.['score']),
      figure(best),
      seconds.toFixed(1),
    ]),
    ...(summary ? { caption: spread(summary) } : {}),
  };
}

/** The report of a fine-tuning run, from its metrics. */
export async function finetuneReport(config: FinetuneConfig, result: FinetuneResult, model: BertConfig): Promise<Report> {
  const { task, seeds, summary, set } = result;
  const method = methodOf(config);
  const recordings = await Promise.all(
    seeds.map(async ({ directory, seed }) => ({ seed, recording: recordingOf(await readMetrics(runFiles(directory).metrics)) })),
  );
  return {
    kind: 'hookline finetune',
    title: summary ? `${task.name}: ${figure(summary.mean)} on ${set} over ${plural(summary.n)}` : `${task.name}: stopped before its end`,
    lede: `${model.norm === 'pre' ? 'PreLN' : 'PostLN'}, L=${model.numHiddenLayers} H=${model.hiddenSize}${method ? `, with ${method.name}` : ''}; the score is the mean of ${task.metrics.join(' and ')} after the last epoch.`,
    made: new Date(),
    machine: machineFacts(),
    settings: [
      ['Run', result.directory],
      ['Checkpoint', config.checkpoint],
      ['Data', config.own ? config.own.train : config.data],
      [
        'Recipe',
        `${epochsOf(config)} epochs, batch ${config.batchSize}, up to ${config.maxLength ?? 'the default'} tokens, ${config.learningRate.schedule} schedule, dropout ${config.dropout}`,
      ],
      ['Dropping', method ? JSON.stringify(config.pld ?? config.layerDrop ?? config.stochasticDepth) : 'none'],
    ],
    headlines: [
      ...(summary
        ? [
            {
              value: figure(summary.mean),
              label: `mean ${task.metrics.join(' and ')}`,
              detail: summary.n > 1 ? `standard deviation ${figure(summary.sd)}` : 'one seed',
            },
          ]
        : []),
      { value: `${(seeds.reduce((sum, { seconds }) => sum + seconds, 0) / seeds.length).toFixed(1)} s`, label: 'a seed, evaluation included' },
    ],
    variants: recordings.map(({ seed, recording }) => ({
      name: `seed ${seed}`,
      blocks: model.numHiddenLayers,
      curve: recording.curve,
      evaluations: [],
      active: recording.active,
    })),
    references: [],
    tables: [seedsTable(result)],
    axes: ['step', 'seconds'],
    notes: ['Evaluation runs the whole network.', ...((summary?.n ?? 0) < 5 ? ['Small tasks vary much from seed to seed: few seeds tell little.'] : [])],
    command: `hookline finetune --config ${seeds[0]!.directory}/config.json --seeds ${seeds.length}`,
  };
}
