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

/**
 * Where a file of a CUDA wheel belongs in the engine's folder; undefined for one that is not needed. Libraries go beside TensorFlow's own, which
 * looks in its own folder for them (TensorFlow's installation guide links them there); the assembler and libdevice into `cuda`, for XLA.
 */
export function cudaTarget(name: string): string | undefined {
  const library = /^nvidia\/[^/]+\/lib\/([^/]+\.so[.\d]*)$/.exec(name);
  if (library) return `tensorflow/${library[1]}`;
  const compiler = /^nvidia\/cuda_nvcc\/((?:bin\/ptxas|bin\/nvlink|nvvm\/libdevice\/.+))$/.exec(name);
  return compiler ? `cuda/${compiler[1]}` : undefined;
}
