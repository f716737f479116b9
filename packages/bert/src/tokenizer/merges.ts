import { heap } from './heap.js';

/** A word as the ids of its pieces, and how often it occurs. */
export interface CountedWord {
  pieces: number[];
  readonly count: number;
}

/** Two neighbouring pieces that become one. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Words that have it, or had it once. */
  readonly words: Set<number>;
}

const idLimit = 2 ** 26;

/**
 * Merges the most frequent pair of neighbouring pieces, again and again. Of equally frequent pairs that with the lower left id
 * comes first, then that with the lower right one. Counts are kept up to date word by word, so a merge costs only the words
 * that it changes.
 * @param merged what is told of each merge: the id of the new piece, below 2^26, or undefined to stop
 * @param minFrequency pairs that occur less often are not merged; at least 1
 */
export function mergePairs(words: readonly CountedWord[], minFrequency: number, merged: (merge: Merge) => number | undefined): void {
  const pairs = new Map<number, Pair>();
  const queue = heap<Merge>((a, b) => a.count > b.count || (a.count === b.count && (a.left < b.left || (a.left === b.left && a.right < b.right))));

  const count = (index: number, sign: 1 | -1, touched: Set<Pair>): void => {
    const { pieces, count: times } = words[index]!;
    for (let i = 1; i < pieces.length; i++) {
      const [left, right] = [pieces[i - 1]!, pieces[i]!];
      const key = left * idLimit + right;
      let pair = pairs.get(key);
      if (!pair) {
        pair = { left, right, count: 0, words: new Set() };
        pairs.set(key, pair);
      }
      pair.count += sign * times;
      if (sign > 0) pair.words.add(index);
      touched.add(pair);
    }
  };
  const enqueue = (touched: Iterable<Pair>): void => {
    for (const { left, right, count } of touched) if (count >= minFrequency) queue.push({ left, right, count });
  };

  const all = new Set<Pair>();
  for (let index = 0; index < words.length; index++) count(index, 1, all);
  enqueue(all);

  for (let top = queue.pop(); top; top = queue.pop()) {
    const { left, right } = top;
    const pair = pairs.get(left * idLimit + right);
    if (!pair || pair.count !== top.count) continue; // counted anew since; the newer entry is in the queue
    const id = merged(top);
    if (id === undefined) return;
    const touched = new Set<Pair>();
    for (const index of pair.words) {
      count(index, -1, touched);
      words[index]!.pieces = joinPairs(words[index]!.pieces, left, right, id);
      count(index, 1, touched);
    }
    pairs.delete(left * idLimit + right);
    enqueue(touched);
  }
}

function joinPairs(pieces: readonly number[], left: number, right: number, id: number): number[] {
  const joined: number[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      joined.push(id);
      i++;
    } else joined.push(pieces[i]!);
  }
  return joined;
}
