import { describe, expect, it } from 'vitest';
import { mayBeRandom, reasonAgainst } from './hazards.js';

describe('ops that cannot be replayed', () => {
  it.each(['RandomUniform', 'RandomStandardNormal', 'TruncatedNormal', 'Multinomial', 'AssignVariableOp', 'ResourceApplyAdam', 'VarHandleOp'])(
    '%s for its state',
    (op) => {
      expect(reasonAgainst(op, true)).toMatch(/state/);
    },
  );

  it.each(['Unique', 'UniqueV2', 'Where', 'NonMaxSuppressionV3', 'DynamicPartition', 'RaggedRange'])('%s for its shape', (op) => {
    expect(reasonAgainst(op, true)).toMatch(/shape/);
  });

  it.each(['MatMul', 'Select', 'SelectV2', 'StatelessRandomUniform', 'ReverseV2', 'ResizeBilinear', 'Relu', 'RealDiv', 'AddV2'])('%s is none', (op) => {
    expect(reasonAgainst(op, false)).toBeUndefined();
  });

  it('Range is one where its ends are computed', () => {
    expect(reasonAgainst('Range', true)).toBeUndefined();
    expect(reasonAgainst('Range', false)).toMatch(/shape/);
  });

  it('numbers in a buffer are random where they are many', () => {
    expect(mayBeRandom([0, 1, 0, 1, 1])).toBe(false);
    expect(mayBeRandom([])).toBe(false);
    expect(mayBeRandom([0.1, 0.2, 0.3])).toBe(true);
  });
});
