import { describe, expect, it } from 'vitest';
import { nativeSources } from './sources.js';

const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' };
const refusal = (message: string) => expect.objectContaining({ code: 'HOOKLINE_ENGINE_PLATFORM', message: expect.stringContaining(message) });

describe('nativeSources', () => {
  it('chooses the wheel without CUDA for the CPU, and the one with it for a GPU', () => {
    expect(nativeSources('cpu', linux).wheel).toMatchObject({ project: 'tensorflow-cpu', version: '2.21.0', bytes: 273_829_956 });
    expect(nativeSources('gpu', linux).wheel).toMatchObject({ project: 'tensorflow', version: '2.21.0' });
    expect(nativeSources('gpu', linux).room).toBeGreaterThan(nativeSources('cpu', linux).room);
  });

  it('chooses the wheel of the processor', () => {
    const sources = nativeSources('cpu', { ...linux, arch: 'arm64' });
    expect(sources.wheel.file).toBe('tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl');
    expect(sources.platforms.every((tag) => tag.endsWith('_aarch64'))).toBe(true);
  });

  it('names a folder for each variant, version and machine', () => {
    expect(nativeSources('cpu', linux).key).toBe('native-cpu-tensorflow-2.21.0-tfjs-4.22.0-3-linux-x64');
    expect(nativeSources('gpu', linux).key).toBe('native-gpu-tensorflow-2.21.0-tfjs-4.22.0-3-linux-x64');
  });

  it('lets pip take wheels of older tags', () => {
    expect(nativeSources('gpu', linux).platforms).toEqual(expect.arrayContaining(['manylinux_2_27_x86_64', 'manylinux_2_25_x86_64', 'manylinux2014_x86_64']));
  });

  it('pins every archive', () => {
    for (const variant of ['cpu', 'gpu'] as const) {
      const { tfjs, headers, protobuf, wheel } = nativeSources(variant, linux);
      for (const { sha512 } of [tfjs, headers, protobuf]) expect(Buffer.from(sha512, 'base64')).toHaveLength(64);
      expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it.each([
    [{ ...linux, platform: 'darwin' }, 'cpu', 'it runs darwin'],
    [{ ...linux, arch: 'riscv64' }, 'cpu', 'no library for the CPU of Linux on riscv64'],
    [{ ...linux, arch: 'arm64' }, 'gpu', 'no library for the GPU of Linux on arm64'],
    [{ ...linux, glibc: undefined }, 'cpu', 'Alpine'],
    [{ ...linux, glibc: '2.26' }, 'cpu', 'is 2.26, and TensorFlow needs 2.27'],
  ] as const)('refuses %o (%s)', (machine, variant, message) => {
    expect(() => nativeSources(variant, machine)).toThrow(refusal(message));
  });
});
