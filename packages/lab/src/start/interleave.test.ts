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
    await interleave([counted(5, log, 'a'), counted(3, log, 'b'), counted(4, log, 'c')], 2, () => log.push(' '));
    expect(log.join('')).toBe('aa bb cc b cc aa  a ');
  });

  it('ends where a turn throws', async () => {
    const log: string[] = [];
    const broken: Turn = { steps: 5, next: () => Promise.reject(new Error('enough')) };
    await expect(interleave([counted(5, log, 'a'), broken], 2, () => undefined)).rejects.toThrow('enough');
    expect(log.join('')).toBe('aa');
  });
});
