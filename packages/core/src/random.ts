/**
 * Keyed draws: the same arguments always give the same number, so there is no generator state to save, and a resumed run
 * and every rank draw the same. The mixing is MurmurHash3 (Austin Appleby, public domain) over 32-bit words, in two lanes.
 */
const mixWord = (hash: number, word: number): number => {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
};

/** The low and the high 32 bits of an integer up to 2^53. */
const mixInteger = (hash: number, integer: number): number => mixWord(mixWord(hash, integer | 0), Math.floor(integer / 2 ** 32) | 0);

const finish = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const mixKey = (lane: number, seed: number, stream: string): number => {
  let hash = mixInteger(lane, seed);
  for (let i = 0; i < stream.length; i++) hash = mixWord(hash, stream.charCodeAt(i));
  return mixWord(hash, stream.length);
};

/** The key mixed last: draws come in long runs of one seed and stream. */
let key = { seed: Number.NaN, stream: '', high: 0, low: 0 };

/**
 * A draw in [0, 1) with 53 bits, uniform and independent over all of its arguments: a pure function.
 * @param seed an integer, 0 to 2^53
 * @param stream what is drawn, e.g. `pld` or `mask`: streams are independent of each other
 * @param step an integer, e.g. the optimizer step or the epoch
 * @param index an integer, which draw of the step
 */
export function uniform(seed: number, stream: string, step: number, index: number): number {
  if (key.seed !== seed || key.stream !== stream) key = { seed, stream, high: mixKey(0x9747b28c, seed, stream), low: mixKey(0x3c6ef372, seed, stream) };
  const high = finish(mixInteger(mixInteger(key.high, step), index)) >>> 5; // 27 bits
  const low = finish(mixInteger(mixInteger(key.low, step), index)) >>> 6; // 26 bits
  return (high * 2 ** 26 + low) / 2 ** 53;
}

/**
 * The numbers 0 … n-1 in an order keyed by its arguments: Fisher-Yates with keyed draws.
 * @param epoch an integer; each epoch has an order of its own
 * @param n length, 0 to 2^32
 */
export function permutation(seed: number, stream: string, epoch: number, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, stream, epoch, i) * (i + 1));
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }
  return order;
}
