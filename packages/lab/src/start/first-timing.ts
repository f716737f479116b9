import type { FirstTiming } from './budget.js';
import { createLane, type Lane, type LaneOptions } from './lane.js';
import { startVariants } from './variants.js';

/** Steps that warm engine, caches and compiler up, and are not timed. */
const warmUp = 4;
const timed = 10;

/** Mean seconds of the timed steps after the warm-up; evaluation is off this clock. */
async function meanStep(lane: Lane, signal: AbortSignal | undefined): Promise<number> {
  let from = 0;
  for (let step = 0; step < warmUp + timed; step++) {
    if (step === warmUp) from = lane.recording.seconds;
    signal?.throwIfAborted();
    await lane.next();
  }
  return (lane.recording.seconds - from) / timed;
}

/** Times ten steps of the dense model and of the control on models that are then thrown away; every kind of block runs once before its time counts. A signal ends it: its reason is thrown. */
export async function firstTiming(options: LaneOptions, signal?: AbortSignal): Promise<FirstTiming> {
  const shape = { ...options.shape, evaluations: 2 };
  const evaluationSeconds: number[] = [];
  const step: Partial<Record<'dense' | 'control', number>> = {};
  for (const variant of startVariants(shape, { steps: warmUp + timed, equalTimeSteps: 1 })) {
    if (variant.key === 'equalTime' || variant.key === 'dropping') continue;
    const lane = await createLane(variant, { ...options, shape });
    try {
      if (variant.key === 'post') await lane.next();
      else step[variant.key] = await meanStep(lane, signal);
      if (variant.key === 'dense') evaluationSeconds.push(lane.evaluationSeconds());
    } finally {
      lane.dispose();
    }
  }
  return { dense: step.dense!, control: step.control!, evaluation: evaluationSeconds[0]! };
}
