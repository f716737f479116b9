import type { BertLearner } from '@hookline/bert';
import type { MetricsLine, Profile } from '@hookline/core/node';
import { dynamicsFigures } from '../dynamics/charts.js';
import { dynamicsOf } from '../dynamics/series.js';
import { machineFacts } from '../recording/machine.js';
import { blockRuns } from '../recording/recording.js';
import type { Report } from '../report/index.js';
import { profileReport } from '../telemetry/profile-table.js';
import type { CompleteConfig } from './config.js';
import { blockSaving, heldOutSet, methodOf } from './plugins.js';
import { recordedPretraining } from './recorded.js';

export interface RunReportOptions {
  readonly config: CompleteConfig;
  readonly learner: Pick<BertLearner, 'config' | 'engine' | 'blocks'>;
  readonly lines: readonly MetricsLine[];
  /** In nats, over the held-out batches. */
  readonly unigramEntropy: number;
  readonly directory: string;
  /** Where the time went, where it was measured. */
  readonly profile?: Profile | undefined;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The report of one run, from its metrics. */
export async function runReport({ config, learner, lines, unigramEntropy, directory, profile }: RunReportOptions): Promise<Report> {
  const recording = recordedPretraining(config, lines);
  const { curve, evaluations, active, seconds } = recording;
  const method = methodOf(config);
  const { run, possible } = blockRuns(active);
  const model = learner.config;
  const last = evaluations.at(-1);
  const name = `${model.norm === 'pre' ? 'PreLN' : 'PostLN'}${method ? ` + ${method.name}` : ''}`;
  const accuracy = lines.findLast((line) => line.event === 'evaluation' && line.set === heldOutSet);
  const dynamics = dynamicsOf(lines, heldOutSet);
  const metrics = accuracy?.event === 'evaluation' ? accuracy.metrics : {};
  return {
    kind: 'hookline pretrain',
    title: last ? `Held-out loss ${last.loss.toFixed(3)} after ${curve.length} steps` : `${curve.length} steps of pre-training`,
    lede: `${name}, L=${model.numHiddenLayers} H=${model.hiddenSize}, ${(curve.at(-1)?.tokens ?? 0).toLocaleString('en')} tokens in ${seconds.toFixed(0)} seconds of training${curve.length < config.steps ? `; the run ended at step ${curve.length} of ${config.steps}` : ''}.`,
    made: new Date(),
    machine: machineFacts(learner.engine),
    settings: settingsOf(config, directory),
    headlines: [
      ...(last ? [{ value: last.loss.toFixed(3), label: 'nats of held-out MLM loss', detail: `unigram entropy ${unigramEntropy.toFixed(3)}` }] : []),
      ...(metrics['mlmAccuracy'] === undefined ? [] : [{ value: percent(metrics['mlmAccuracy']), label: 'of held-out masked tokens right' }]),
      { value: `${((1000 * seconds) / Math.max(1, curve.length)).toFixed(0)} ms`, label: 'a step' },
      ...(method && possible > 0
        ? [
            {
              value: percent(1 - run / possible),
              label: 'of the block runs skipped',
              detail: `${percent(blockSaving(config, model.numHiddenLayers, config.steps))} expected`,
            },
          ]
        : []),
    ],
    variants: [{ name, blocks: model.numHiddenLayers, curve, evaluations, active }],
    references: [{ label: `unigram entropy ${unigramEntropy.toFixed(3)}`, loss: unigramEntropy }],
    tables: profile ? [profileReport(profile)] : [],
    figures: dynamics ? await dynamicsFigures([{ name, steps: curve.length, dynamics }]) : [],
    axes: ['step', 'seconds'],
    notes: ['Evaluation runs the whole network on fixed held-out batches with fixed masks; it is off the clock, as checkpoints are.'],
    command: `hookline pretrain --config ${directory}/config.json`,
  };
}

/** The settings that a reader asks for first. */
export function settingsOf(config: CompleteConfig, directory: string): readonly (readonly [string, string])[] {
  const method = config.pld ?? config.layerDrop ?? config.stochasticDepth;
  return [
    ['Run', directory],
    ['Corpus', config.corpus.source],
    [
      'Batch',
      `${config.batchSize} rows of ${config.sequenceLength} tokens${config.accumulation > 1 ? `, ${config.accumulation} batches a step` : ''}; objectives ${config.objective.join(' + ')}`,
    ],
    [
      'Recipe',
      `${config.optimizer}, ${config.learningRate.schedule} schedule${config.learningRate.peak ? `, peak rate ${config.learningRate.peak}` : ''}, clipping at norm ${config.clip}, seed ${config.seed}`,
    ],
    ['Dropping', method ? JSON.stringify(method) : 'none'],
  ];
}
