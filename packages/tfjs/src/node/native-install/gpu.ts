import { existsSync } from 'node:fs';

/** Paths of which one exists where an NVIDIA driver runs: Linux, and Linux under Windows (WSL). */
const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'];

/** Whether an NVIDIA driver is here; TensorFlow's wheels know no other GPU. */
export const gpuPresent = (exists: (path: string) => boolean = existsSync): boolean => signs.some(exists);

/**
 * The CUDA wheels that TensorFlow's own metadata names under its extra `and-cuda`, as pip takes them.
 * @param metadata the text of the wheel's METADATA, e.g. with `Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"`
 */
export function cudaRequirements(metadata: string): readonly string[] {
  const lines = metadata.split(/\r?\n/).map((line) => /^Requires-Dist:\s*([^;]+?)\s*;.*extra == ["']and-cuda["']/.exec(line)?.[1]);
  return lines.filter((requirement) => requirement !== undefined);
}

const neededOfCuda = /^nvidia\/(?:[^/]+\/lib\/[^/]+\.so[.\d]*|cuda_nvcc\/(?:bin\/ptxas|bin\/nvlink|nvvm\/libdevice\/[^/]+))$/;

/**
 * Whether a file of a CUDA wheel is needed: its libraries, and the assembler and libdevice for XLA. All keep the paths that they have in their wheels:
 * TensorFlow's libraries look for `../nvidia/<package>/lib` beside their own folder (their RUNPATH), and CUDA's for each other likewise.
 */
export const isNeededOfCuda = (name: string): boolean => neededOfCuda.test(name);

/** Where XLA finds CUDA's assembler and libdevice in an engine's folder. */
export const cudaDataPath = 'nvidia/cuda_nvcc';
