/**
 * The length that a batch is padded to: the least of 8, 12, 16, 24, 32, 48, 64, 96, 128, … (powers of two and the numbers between) that holds its longest
 * row, and `most` at the largest. Few lengths mean few graphs where shapes are compiled; padding is at most a third of a row above 8.
 * @param longest tokens of the longest row, special tokens included
 * @param most the longest that a row may be
 */
export function paddedLength(longest: number, most: number): number {
  let length = 8;
  while (length < longest) length = Number.isInteger(Math.log2(length)) ? (length * 3) / 2 : (length * 4) / 3;
  return Math.max(longest, Math.min(length, most));
}
