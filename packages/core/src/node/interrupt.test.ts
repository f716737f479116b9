import { describe, expect, it, vi } from 'vitest';
import { interruptSignal } from './interrupt.js';

describe('interruptSignal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is aborted by the first %s; the second exits with 130', (name) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
    const told = vi.fn();
    const signal = interruptSignal(told);
    try {
      expect(signal).toBeInstanceOf(AbortSignal);
      expect(signal.aborted).toBe(false);
      process.emit(name);
      expect(signal.aborted).toBe(true);
      expect(told).toHaveBeenCalledOnce();
      expect(exit).not.toHaveBeenCalled();
      process.emit('SIGINT');
      expect(exit).toHaveBeenCalledWith(130);
    } finally {
      signal.dispose();
      exit.mockRestore();
    }
  });

  it('leaves no listener behind', () => {
    const before = ['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name));
    interruptSignal().dispose();
    expect(['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name))).toEqual(before);
  });
});
