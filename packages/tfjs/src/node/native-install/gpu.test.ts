import { describe, expect, it } from 'vitest';
import { cudaRequirements, cudaTarget, gpuPresent } from './gpu.js';

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

describe('cudaTarget', () => {
  it.each([
    ['nvidia/cublas/lib/libcublas.so.12', 'tensorflow/libcublas.so.12'],
    ['nvidia/cudnn/lib/libcudnn_ops.so.9', 'tensorflow/libcudnn_ops.so.9'],
    ['nvidia/cuda_nvcc/bin/ptxas', 'cuda/bin/ptxas'],
    ['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc', 'cuda/nvvm/libdevice/libdevice.10.bc'],
    ['nvidia/cublas/include/cublas.h', undefined],
    ['nvidia/cuda_nvcc/nvvm/bin/cicc', undefined],
    ['nvidia_cublas_cu12-12.9.dist-info/METADATA', undefined],
  ])('%s goes to %s', (name, expected) => {
    expect(cudaTarget(name)).toBe(expected);
  });
});
