import { HooklineError } from '@hookline/core';

/** What TensorFlow's library computes with: the CPU alone, or a GPU too. */
export type NativeVariant = 'cpu' | 'gpu';

/** A package of npm, as it is published: version and digest name one archive for ever. */
export interface NpmSource {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the archive, in base64. */
  readonly sha512: string;
}

/** A wheel of PyPI: a zip. Only TensorFlow's libraries in it are used, so that one wheel serves whatever Python is there. */
export interface WheelSource {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  /** 0 where it is not known beforehand. */
  readonly bytes: number;
}

/** Everything that a native engine is made of. */
export interface NativeSources {
  readonly variant: NativeVariant;
  /** Names the engine's folder: an engine of other versions or for another machine has another name. */
  readonly key: string;
  /** The JavaScript and the addon's source. */
  readonly tfjs: NpmSource;
  /** Node's C headers. */
  readonly headers: NpmSource;
  /** What the JavaScript imports beside tfjs-core. */
  readonly protobuf: NpmSource;
  readonly wheel: WheelSource;
  /** Tags of the wheels that fit this machine, as pip's `--platform` takes them. */
  readonly platforms: readonly string[];
  /** Room that the installation takes at its largest, in bytes. */
  readonly room: number;
}

/** How an engine is made of its parts: a change that an installed engine should have counts it up. */
const recipe = 3;

/** The machine that an engine is chosen for. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library; undefined where there is another one. */
  readonly glibc: string | undefined;
}

export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  glibc: (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header?.glibcVersionRuntime,
});

const tfjs: NpmSource = {
  name: '@tensorflow/tfjs-node-gpu',
  version: '4.22.0',
  sha512: 'p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
};
const headers: NpmSource = {
  name: 'node-api-headers',
  version: '1.9.0',
  sha512: '2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
};
const protobuf: NpmSource = {
  name: 'google-protobuf',
  version: '3.21.4',
  sha512: 'MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==',
};

/** TensorFlow 2.21 by variant and processor; `tensorflow` is the one for NVIDIA GPUs on x64, and the only one on arm64. */
const wheels: Readonly<Record<string, Omit<WheelSource, 'version'>>> = {
  'cpu-x64': {
    project: 'tensorflow-cpu',
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    bytes: 273_829_956,
  },
  'gpu-x64': {
    project: 'tensorflow',
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    bytes: 0,
  },
  'cpu-arm64': {
    project: 'tensorflow',
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    bytes: 0,
  },
};
const tensorflow = '2.21.0';

/** The tags of wheels that run where those for glibc 2.27 do; pip takes them literally. */
function platformTags(arch: string): readonly string[] {
  const processor = arch === 'arm64' ? 'aarch64' : 'x86_64';
  const perennial = Array.from({ length: 27 - 17 + 1 }, (_, i) => `manylinux_2_${27 - i}_${processor}`);
  return [...perennial, `manylinux2014_${processor}`, ...(arch === 'x64' ? ['manylinux_2_12_x86_64', 'manylinux2010_x86_64'] : [])];
}

const gigabyte = 1e9;

/**
 * Chooses what a native engine for this machine is made of.
 * Errors: HOOKLINE_ENGINE_PLATFORM where TensorFlow publishes no library that would run here.
 */
export function nativeSources(variant: NativeVariant, { platform, arch, glibc }: Machine = thisMachine()): NativeSources {
  const refuse = (why: string): never => {
    throw new HooklineError('HOOKLINE_ENGINE_PLATFORM', `there is no native engine for this machine: ${why}`, {
      hint: 'use the engine `wasm`, which runs everywhere',
    });
  };
  if (platform !== 'linux') refuse(`it runs ${platform}, and the engine is built for Linux`);
  const wheel = wheels[`${variant}-${arch}`];
  if (wheel === undefined) return refuse(`TensorFlow has no library for the ${variant.toUpperCase()} of Linux on ${arch}`);
  const [major = 0, minor = 0] = (glibc ?? '').split('.').map(Number);
  if (glibc === undefined) refuse('its C library is not the GNU one, which TensorFlow needs (Alpine has another: take a Debian image)');
  if (major < 2 || (major === 2 && minor < 27)) refuse(`its GNU C library is ${glibc}, and TensorFlow needs 2.27`);
  return {
    variant,
    key: `native-${variant}-tensorflow-${tensorflow}-tfjs-${tfjs.version}-${recipe}-${platform}-${arch}`,
    tfjs,
    headers,
    protobuf,
    wheel: { ...wheel, version: tensorflow },
    platforms: platformTags(arch),
    room: (variant === 'gpu' ? 10 : 1.3) * gigabyte,
  };
}
