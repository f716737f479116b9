/**
 * A very small assembler for one kind of WebAssembly function: a loop over float32 arrays of one length in a memory, four numbers at a time.
 * Encodings: WebAssembly core specification 2.0, chapter 5 (binary format) and its vector instructions.
 */

/** Instructions that leave one vector of four float32 on the stack, or, for statements, nothing. */
export type Code = readonly number[];

/** Unsigned integer in LEB128. */
function unsigned(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
const localGet = (index: number): Code => [0x20, ...unsigned(index)];
const localSet = (index: number): Code => [0x21, ...unsigned(index)];
const vector = (op: number, ...immediate: number[]): Code => [0xfd, ...unsigned(op), ...immediate];
const aligned = [2, 0] as const; // 2^2 bytes, offset 0

const binary =
  (op: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...vector(op)];
export const add = binary(0xe4);
export const sub = binary(0xe5);
export const mul = binary(0xe6);
export const div = binary(0xe7);
export const sqrt = (x: Code): Code => [...x, ...vector(0xe3)];

/** What a loop's body is written with. Arrays, numbers and temporaries are known by index. */
export interface LoopBody {
  /** Four numbers of an array, at the place the loop has reached. */
  load(array: number): Code;
  store(array: number, value: Code): Code;
  /** An argument, in all four lanes. */
  number(index: number): Code;
  /** A temporary. */
  get(temporary: number): Code;
  set(temporary: number, value: Code): Code;
}

export interface LoopShape {
  readonly arrays: number;
  readonly numbers: number;
  readonly temporaries: number;
}

/** Calls the loop: byte offsets of the arrays in the memory, their common length, a multiple of 4, and the arguments. */
export type SimdLoop = (offsets: readonly number[], length: number, numbers: readonly number[]) => void;

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (name: string): Code => [...unsigned(name.length), ...[...name].map((c) => c.charCodeAt(0))];

/** The module's bytes: imports `env.memory`, exports `run(...offsets, end of the first array, ...numbers)`. */
function assemble({ arrays, numbers, temporaries }: LoopShape, write: (body: LoopBody) => readonly Code[]): Uint8Array<ArrayBuffer> {
  const firstVector = arrays + 1 + numbers;
  const lanes = (index: number): number => firstVector + index;
  const body: LoopBody = {
    load: (array) => [...localGet(array), ...vector(0x00, ...aligned)],
    store: (array, value) => [...localGet(array), ...value, ...vector(0x0b, ...aligned)],
    number: (index) => localGet(lanes(index)),
    get: (temporary) => localGet(lanes(numbers + temporary)),
    set: (temporary, value) => [...value, ...localSet(lanes(numbers + temporary))],
  };
  const splats = Array.from({ length: numbers }, (_, i) => [...localGet(arrays + 1 + i), ...vector(0x13), ...localSet(lanes(i))]);
  const advance = Array.from({ length: arrays }, (_, i) => [...localGet(i), 0x41, 16, 0x6a, ...localSet(i)]); // i += 16
  const done = [...localGet(0), ...localGet(arrays), 0x4f, 0x0d, 1]; // br_if 1 (array 0 >= end)
  const loop = [0x02, 0x40, 0x03, 0x40, ...done, ...write(body).flat(), ...advance.flat(), 0x0c, 0, 0x0b, 0x0b];
  const code = [1, ...unsigned(numbers + temporaries), types.v128, ...splats.flat(), ...loop, 0x0b];
  const parameters = [...Array<number>(arrays + 1).fill(types.i32), ...Array<number>(numbers).fill(types.f32)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
    ...section(1, list([[0x60, ...unsigned(parameters.length), ...parameters, 0]])),
    ...section(2, list([[...text('env'), ...text('memory'), 0x02, 0x00, 0]])),
    ...section(3, list([[0]])),
    ...section(7, list([[...text('run'), 0x00, 0]])),
    ...section(10, list([[...unsigned(code.length), ...code]])),
  ]);
}

/** Compiles a loop over arrays in `memory`; throws where the engine has no SIMD or the memory is shared between threads. */
export function simdLoop(memory: WebAssembly.Memory, shape: LoopShape, write: (body: LoopBody) => readonly Code[]): SimdLoop {
  const module = new WebAssembly.Module(assemble(shape, write));
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as (...args: number[]) => void;
  return (offsets, length, numbers) => run(...offsets, (offsets[0] as number) + 4 * length, ...numbers);
}
