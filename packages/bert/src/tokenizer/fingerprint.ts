const mix = (hash: number, code: number, prime: number): number => Math.imul(hash ^ code, prime);

/**
 * A hash of texts as 16 hexadecimal digits: two lanes of FNV-1a over UTF-16 code units, with different offsets and primes. It tells
 * inputs apart for caches; it is not made to withstand somebody who wants two to collide.
 */
export function fingerprint(texts: Iterable<string>): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = mix(a, code, 0x01000193);
      b = mix(b ^ (b >>> 15), code, 0x85ebca6b);
    }
    a = mix(a, 0x10000 + text.length, 0x01000193); // texts are told apart from their concatenation
    b = mix(b ^ (b >>> 15), 0x10000 + text.length, 0x85ebca6b);
  }
  return [a, b ^ (b >>> 13)].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
