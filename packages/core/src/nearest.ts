import { nameList, shortName } from './name-list.js';

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other: optimal string alignment. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

const numberOf = (text: string): number => Number(text || 'none');

/**
 * The candidate that a misspelt word most likely means: one that begins with it before others, then the one that the fewest edits make. A number means the same
 * number only, however written. None where nothing is close (more than a third of the letters, at least two, differ, or all do), or where two are as close.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const most = Math.max(2, Math.floor(word.length / 3));
  const [plain, value] = [word.toLowerCase(), numberOf(word)];
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of new Set(candidates)) {
    const other = numberOf(candidate);
    if (value === other) return candidate;
    if (!Number.isNaN(value - other) || Math.abs(word.length - candidate.length) > most) continue; // another number, or more edits at least
    const letters = candidate.toLowerCase();
    const distance = editDistance(plain, letters);
    if (distance > most || distance >= Math.max(word.length, candidate.length)) continue;
    const rank = letters.startsWith(plain) ? distance : most + 1 + distance;
    if (rank > least) continue;
    best = rank === least ? undefined : candidate;
    least = rank;
  }
  return best;
}

/** `did you mean 'x'?`, or the list of what there is where nothing is close; of very many names, the first ones. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const best = nearest(word, all);
  if (best !== undefined) return `did you mean '${shortName(best)}'?`;
  return all.length === 0 ? 'there are none' : `there are: ${nameList(all)}`;
}
