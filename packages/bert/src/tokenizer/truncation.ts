/**
 * Which token goes where two texts that have to be cut are equally long, and what an empty second text is.
 * - `fast`: as Hugging Face's fast tokenizers: of an odd room the second text gets the larger half where both are longer than half;
 *   an empty second text is no second text. The default: figures published for GLUE today are made with it.
 * - `google`: as Google's original BERT: the second text gives way first, so the first gets the larger half; an empty second
 *   text keeps its [SEP].
 */
export type Truncation = 'fast' | 'google';

/**
 * How many tokens are kept of a first and a second text, longest first, so that both fit a room.
 * @param a tokens of the first text
 * @param b tokens of the second text
 * @param room tokens that fit, special tokens not counted; at least 0
 */
export function truncatedLengths(a: number, b: number, room: number, truncation: Truncation): readonly [number, number] {
  if (a + b <= room) return [a, b];
  const small = Math.floor(room / 2);
  const large = room - small;
  if (truncation === 'google') {
    const first = Math.min(a, Math.max(large, room - b));
    return [first, room - first];
  }
  const shorter = Math.min(a, b);
  const longer = Math.max(shorter, room - shorter);
  const [short, long] = shorter + longer <= room ? [shorter, longer] : [small, large];
  return a > b ? [long, short] : [short, long];
}
