import type { Estimate } from '../recording/statistics.js';
import type { StartSummary } from './summary.js';

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

export const signed = (value: number, digits = 3): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

/** A mean with twice its standard error: about 95 % of such intervals hold the true value. */
export const withError = ({ mean, standardError }: Estimate, format: (value: number) => string): string =>
  Number.isFinite(standardError) ? `${format(mean)} ± ${format(2 * standardError).replace(/^[+−]/, '')}` : format(mean);

/** Twice the standard error, e.g. `± 0.6 %`. */
export const plusMinus = ({ standardError }: Estimate, format: (value: number) => string): string =>
  `± ${Number.isFinite(standardError) ? format(2 * standardError) : 'unknown'}`;

/** The finding in a sentence: what was measured, and no more. */
export function titleOf(summary: StartSummary): string {
  const { run, possible } = summary.rows.find((row) => row.key === 'dropping')!.blocks;
  const skipped = percent(1 - run / possible, 0);
  const { saved, of } = bestMeasure(summary);
  if (saved.mean <= 2 * (saved.standardError || 0)) return `Skipping ${skipped} of the block runs saved no time that could be measured here`;
  return `Skipping ${skipped} of the block runs saved ${percent(saved.mean, 0)} of the ${of}`;
}

/** Wall-clock, or processor time where other programs took the machine. */
export const bestMeasure = ({ busyMachine, timeSaved, processorTimeSaved }: StartSummary): { readonly saved: Estimate; readonly of: string } =>
  busyMachine ? { saved: processorTimeSaved, of: 'processor time' } : { saved: timeSaved, of: 'training time' };

/** What the held-out losses say of the quality, in sentences that claim no more than two standard errors allow. */
export function qualityNotes(summary: StartSummary): readonly string[] {
  const { lossCost, lossCostInEqualTime, depthMatters, rows, unigramEntropy } = summary;
  const untaught = rows.every((row) => row.heldOutLoss >= unigramEntropy)
    ? [
        `Every held-out loss is above the unigram entropy, ${unigramEntropy.toFixed(3)} nats: what knowing how common tokens are gives. In so few steps no model has learnt from context.`,
      ]
    : [];
  if (!depthMatters) {
    return [
      ...untaught,
      'No variant beats the control without blocks by more than two standard errors of the paired loss difference over the held-out batches: at this size and length depth does not matter yet, and only the time is evidence. Any dropping looks free here.',
    ];
  }
  const clear = ({ mean, standardError }: Estimate): boolean => Math.abs(mean) > 2 * standardError;
  const compare = (estimate: Estimate, than: string): string =>
    clear(estimate)
      ? `PreLN + PLD ended ${estimate.mean > 0 ? 'above' : 'below'} ${than} in held-out loss, by ${withError(estimate, (value) => Math.abs(value).toFixed(3))} nats.`
      : `PreLN + PLD and ${than} cannot be told apart in held-out loss (${withError(estimate, (value) => signed(value))} nats).`;
  return [
    ...untaught,
    compare(lossCost, 'PreLN after the same steps'),
    compare(lossCostInEqualTime, "PreLN trained for PLD's time"),
    'Some variant beats the control without blocks by more than two standard errors, so depth begins to matter at this size; but this is one seed and a short run, and no proof of quality.',
  ];
}

/** What the run in equal time really took. */
export const equalTimeNote = ({ equalTimeRatio }: StartSummary): string =>
  `The dense run meant to take PLD's time took ${percent(equalTimeRatio, 0)} of it; its learning rate decays fully within its own steps.`;

/** What holds of the experiment whatever came out. */
export function standingNotes(summary: StartSummary): readonly string[] {
  const busy = `Other programs took part of the machine during this run: wall-clock time is then mostly theirs, and processor time is the better measure (${withError(summary.processorTimeSaved, percent)} saved; ${withError(summary.timeSaved, percent)} on the wall).`;
  return [
    ...(summary.busyMachine ? [busy] : []),
    `The time is what this run proves: skipped blocks run no forward, no backward and no optimizer work. Expected was a saving of ${percent(summary.expectedTimeSaved)}: the method's expected saving of block runs, times the blocks' share of a step, both known before the run.`,
    equalTimeNote(summary),
    'The variants were trained in turns, in chunks of steps, on the same batches and from the same seed; evaluation and the warm-up are off the clock.',
    'Standard errors are over held-out batches (losses) and over chunks (times). They say nothing of other seeds, other sizes or longer runs.',
  ];
}
