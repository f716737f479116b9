import type { Point } from './curve.js';

/** The two runs that the page compares: the same model, data and seed. */
export const lanes = ['dropping', 'dense'] as const;
export type Lane = (typeof lanes)[number];

/** What the page asks of the trainer. */
export type Request =
  | { readonly type: 'open'; readonly steps: number }
  | { readonly type: 'train'; readonly lane: Lane }
  | { readonly type: 'stop' }
  | { readonly type: 'forget'; readonly lane: Lane };

/** What the trainer tells the page. */
export type Told =
  | {
      readonly type: 'opened';
      readonly curves: Readonly<Record<Lane, readonly Point[]>>;
      readonly engine: string;
      readonly about: string;
      readonly unigram: number;
    }
  | { readonly type: 'begun'; readonly lane: Lane; readonly curve: readonly Point[] }
  | { readonly type: 'step'; readonly lane: Lane; readonly point: Point }
  | { readonly type: 'saved'; readonly lane: Lane; readonly step: number }
  | { readonly type: 'ended'; readonly lane: Lane; readonly steps: number }
  | { readonly type: 'forgotten'; readonly lane: Lane }
  | { readonly type: 'failed'; readonly message: string };
