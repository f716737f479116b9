import { learnerConformance } from '@hookline/core/testing';
import { describe, it } from 'vitest';
import { ownLearner } from './learner.js';
import { vector } from './tape.js';

describe('ownLearner', () => {
  const checks = learnerConformance(() => ownLearner(), {
    precision: 'float64',
    cannot: ['branches', 'dropout', 'live', 'recompute', 'counters'],
    double: ({ data }) => vector(data.map((x) => 2 * x)),
  });
  for (const { name, run } of checks) it(name, run);
});
