import { beforeAll, describe, it } from 'vitest';
import { checkConformance } from '../../test/check-conformance.js';
import { conformanceCases } from '../../test/conformance/index.js';
import { testedEngines, useEngine } from '../../test/engines.js';

const forms = testedEngines.flatMap((engine) =>
  (engine === 'native' ? (['op by op', 'compiled'] as const) : (['op by op'] as const)).map((form) => [engine, form] as const),
);

describe.each(forms)('on %s, %s, value and gradients are those of the reference:', (engine, form) => {
  beforeAll(() => useEngine(engine));

  it.each(Object.entries(conformanceCases))('%s', (_, one) => {
    checkConformance(one, form);
  });
});
