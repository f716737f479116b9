import { readFileSync } from 'node:fs';

interface Oracle {
  readonly engineForwardTheta: { readonly thetaBar: number; readonly gamma: number; readonly forward: readonly number[]; readonly theta: readonly number[] };
  readonly steps: readonly number[];
  readonly traces: readonly {
    readonly thetaBar: number;
    readonly gamma: number;
    readonly T: number | null;
    readonly initialTheta: number;
    readonly theta: readonly number[];
    readonly meanThetaOverRun?: number;
  }[];
  readonly keepProbabilities: readonly {
    readonly L: number;
    readonly theta: number;
    readonly convention: 'paper' | 'algorithm1' | 'deepspeed';
    readonly keep: readonly number[];
    readonly scale: readonly number[];
    readonly expectedActive: number;
    readonly stdActive: number;
    readonly expectedBranchGain: readonly number[];
  }[];
  readonly computeSavedPercent: readonly {
    readonly thetaBar: number;
    readonly L: number;
    readonly T: number;
    readonly gamma: number;
    readonly paper: number;
    readonly algorithm1: number;
  }[];
  readonly unbiasedScalarCase: {
    readonly p: number;
    readonly dense: number;
    readonly sharedGate_scaleBothSublayers: { readonly values: readonly number[]; readonly mean: number };
    readonly independentGates: { readonly values: readonly number[]; readonly mean: number };
    readonly wholeBlockResidual: { readonly values: readonly number[]; readonly mean: number };
  };
}

/** Figures of DeepSpeed 0.16.9's own class, and of the formulas computed elsewhere. */
export const oracle = JSON.parse(readFileSync(new URL('./fixtures/pld_oracle.json', import.meta.url), 'utf8')) as Oracle;
