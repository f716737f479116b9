import { describe, expect, it } from 'vitest';
import { completeUtil, nativeEnvironment } from './environment.js';

describe('nativeEnvironment', () => {
  it('keeps TensorFlow quiet and off the whole memory of a GPU', () => {
    expect(nativeEnvironment('cpu', '/engine', {})).toEqual({ TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  });

  it("shows XLA the engine's CUDA on a GPU", () => {
    expect(nativeEnvironment('gpu', '/engine', {})['XLA_FLAGS']).toBe('--xla_gpu_cuda_data_dir=/engine/nvidia/cuda_nvcc');
  });

  it("leaves the user's own settings", () => {
    expect(nativeEnvironment('gpu', '/engine', { TF_CPP_MIN_LOG_LEVEL: '0', XLA_FLAGS: '' })).toEqual({ TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  });
});

describe('completeUtil', () => {
  type Util = { isNullOrUndefined: (value: unknown) => boolean; isArray: (value: unknown) => boolean };

  it.each(['22.0.0', '23.1.0', '24.0.0'])('gives the module what tfjs-node calls, on Node %s', (node) => {
    const util = {} as Util;
    completeUtil(util, node);
    expect([null, undefined, 0, ''].map((value) => util.isNullOrUndefined(value))).toEqual([true, true, false, false]);
    expect(util.isArray([])).toBe(true);
  });

  it('leaves the module of an older Node alone', () => {
    const util = {} as Util;
    completeUtil(util, '20.20.0');
    expect(util).toEqual({});
  });
});
