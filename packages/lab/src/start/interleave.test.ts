import { describe, expect, it } from 'vitest';
import { interleave, type Turn } from './interleave.js';

const counted = (steps: number, log: string[], name: string): Turn => {
  let done = 0;
  return {
    steps,
    next: async () => {
      if (done === steps) return false;
      done++;
      log.push(name);
      return true;
    },
  };
};

describe('interleave', () => {
  it('trains in chunks, another one first each round, shorter runs done earlier', async () => {
    const log: string[] = [];
    await interleave([counted(5, log, 'a'), counted(3, log, 'b'), counted(4, log, 'c')], 2, () => true);
    expect(log.join('')).toBe('aabbcc' + 'bccaa' + 'a');
  });

  it('stops after a chunk where it is told to', async () => {
    const log: string[] = [];
    await interleave([counted(5, log, 'a'), counted(5, log, 'b')], 2, () => log.length < 3);
    expect(log.join('')).toBe('aabb');
  });
});
