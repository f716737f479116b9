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

/** The candidate that a misspelt word most likely means; none where nothing is close: more than a third of the letters, at least two, differ, or all do. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const another = distance > 0 && distance >= Math.max(word.length, candidate.length);
    if (distance < least && !another) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** `did you mean 'x'?`, or the list of what there is where nothing is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const best = nearest(word, all);
  if (best !== undefined) return `did you mean '${best}'?`;
  return all.length === 0 ? 'there are none' : `there are: ${all.join(', ')}`;
}
