import { bertPretraining } from '@hookline/bert';
import { checkpoints, createTrainer } from '@hookline/core';
import { type BrowserStore, indexedDbStore } from '@hookline/core/browser';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { loadEngine } from '@hookline/tfjs';
import { curve, curveSchema, type Point } from './curve.js';
import { type PageData, prepareData } from './data.js';
import type { Lane, Request, Told } from './messages.js';

const storeOf = (lane: Lane, steps: number): BrowserStore => indexedDbStore({ name: `sotu, ${lane}, ${steps} steps`, keep: 1 });

/** The curve of a run as far as it is saved. */
async function savedCurve(lane: Lane, steps: number): Promise<readonly Point[]> {
  const checkpoint = await storeOf(lane, steps).load();
  return curveSchema.parse(checkpoint?.plugins['curve']?.state ?? []);
}

interface Opened {
  readonly steps: number;
  readonly data: PageData;
}

/** Trains one of the two runs to its end, or until the signal; goes on from its checkpoint where there is one. */
async function train(lane: Lane, { steps, data }: Opened, signal: AbortSignal, tell: (told: Told) => void): Promise<void> {
  const learner = await bertPretraining({ numHiddenLayers: 6, hiddenSize: 128, dropout: 0, data: data.sets, seed: 1, engine: 'wasm' });
  try {
    const trainer = createTrainer({
      learner,
      plugins: [...(lane === 'dropping' ? [progressiveLayerDropping({ thetaBar: 0.5, gamma: 10 / steps })] : []), curve(), checkpoints({ every: 25 })],
      steps,
      seed: 1,
      store: storeOf(lane, steps),
      resume: true,
      signal,
    });
    tell({ type: 'begun', lane, curve: await savedCurve(lane, steps) });
    trainer.on('step', ({ loss, report, active, seconds }) => {
      tell({ type: 'step', lane, point: { loss, theta: report['theta'] ?? 1, active: [...active], seconds } });
    });
    trainer.on('checkpoint', ({ step }) => tell({ type: 'saved', lane, step }));
    const result = await trainer.run();
    tell({ type: 'ended', lane, steps: result.steps });
  } finally {
    learner.dispose();
  }
}

/** All that the page does beside showing: answers requests with news. Runs in a worker, or in the page itself. `base` is the folder of the page's files. */
export function createSession(base: string, tell: (told: Told) => void): (request: Request) => void {
  let opened: Opened | undefined;
  let stop = new AbortController();

  async function answer(request: Request): Promise<void> {
    if (request.type === 'stop') return stop.abort();
    if (request.type === 'open') {
      const { steps } = request;
      const engine = await loadEngine('wasm', { wasmPaths: `${base}wasm/` });
      const data = prepareData(await (await fetch(`${base}corpus.json`)).json());
      const curves = { dropping: await savedCurve('dropping', steps), dense: await savedCurve('dense', steps) };
      opened = { steps, data };
      return tell({ type: 'opened', curves, engine: engine.device, about: data.about, unigram: data.unigram });
    }
    if (!opened) throw new Error('the page has asked for a run before its data');
    if (request.type === 'forget') {
      await storeOf(request.lane, opened.steps).delete();
      return tell({ type: 'forgotten', lane: request.lane });
    }
    stop = new AbortController();
    await train(request.lane, opened, stop.signal, tell);
  }

  return (request) => {
    answer(request).catch((error: Error) => tell({ type: 'failed', message: error.message }));
  };
}
