import { describe, expect, it } from 'vitest';
import { cudaRequirements, gpuPresent, isNeededOfCuda } from './gpu.js';

describe('gpuPresent', () => {
  it('sees a driver by its files', () => {
    expect(gpuPresent(() => false)).toBe(false);
    expect(gpuPresent((path) => path === '/dev/nvidiactl')).toBe(true);
  });
});

describe('cudaRequirements', () => {
  it("takes what the wheel's metadata asks for CUDA, and nothing else", () => {
    const metadata = [
      'Requires-Dist: numpy>=1.26.0',
      'Provides-Extra: and-cuda',
      'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
      "Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7 ; extra == 'and-cuda'",
      'Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; (sys_platform != "win32") and extra == "gcs-filesystem"',
    ].join('\r\n');
    expect(cudaRequirements(metadata)).toEqual(['nvidia-cublas-cu12<13.0,>=12.5.3.2', 'nvidia-nccl-cu12<3.0,>=2.27.7']);
  });
});

describe('isNeededOfCuda', () => {
  it.each([
    ['nvidia/cublas/lib/libcublas.so.12', true],
    ['nvidia/cudnn/lib/libcudnn_ops.so.9', true],
    ['nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9', true],
    ['nvidia/cuda_nvcc/bin/ptxas', true],
    ['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc', true],
    ['nvidia/cublas/include/cublas.h', false],
    ['nvidia/cublas/lib/__init__.py', false],
    ['nvidia/cuda_nvcc/nvvm/bin/cicc', false],
    ['nvidia_cublas_cu12-12.9.dist-info/METADATA', false],
  ])('%s: %s', (name, expected) => {
    expect(isNeededOfCuda(name)).toBe(expected);
  });
});
