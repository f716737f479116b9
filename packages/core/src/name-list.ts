/** Characters of a name that a message shows. */
const longest = 60;
/** Characters of all names together, about. */
const room = 600;

/** A name as a message quotes it: its beginning where it is very long, and without what a terminal would act on. */
export const shortName = (name: string): string => (name.length > longest ? `${name.slice(0, longest)}…` : name).replace(/\p{Cc}/gu, '\uFFFD');

/** Names in a message, divided by commas: as many as make some 600 characters, and how many more there are. */
export function nameList(names: Iterable<string>): string {
  const all = Array.from(names, shortName);
  let [shown, used] = [0, 0];
  while (shown < all.length && used < room) used += all[shown++]!.length + 2;
  return all.slice(0, shown).join(', ') + (shown < all.length ? `, … and ${all.length - shown} more` : '');
}
