import { describe, expect, it } from 'vitest';
import { oracleData } from '../../test/oracle.js';
import { type BertPretrainingOptions, checkOptions } from './options.js';

const train = oracleData();

describe('checkOptions', () => {
  it('fills in defaults', () => {
    const { config, objectives, optimizer, seed, engine } = checkOptions({ data: { train } });
    expect(config).toMatchObject({ norm: 'pre', hiddenSize: 256, numHiddenLayers: 4, vocabSize: 30522 });
    expect({ objectives, optimizer, seed, engine }).toEqual({ objectives: ['mlm'], optimizer: 'adamw', seed: 0, engine: 'auto' });
  });

  it('lets the data size the model where the user does not', () => {
    const data = { train, vocabSize: 500, sequenceLength: 32 };
    expect(checkOptions({ data, size: 'tiny' }).config).toMatchObject({ vocabSize: 500, maxPositionEmbeddings: 32 });
    expect(checkOptions({ data, vocabSize: 600 }).config).toMatchObject({ vocabSize: 600, maxPositionEmbeddings: 32 });
  });

  it('sets both rates by dropout, each giving way to its own option', () => {
    expect(checkOptions({ data: { train }, dropout: 0 }).config).toMatchObject({ hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 });
    expect(checkOptions({ data: { train }, dropout: 0.2, hiddenDropoutProb: 0.3 }).config).toMatchObject({
      hiddenDropoutProb: 0.3,
      attentionProbsDropoutProb: 0.2,
    });
  });

  it.each<[object, RegExp]>([
    [{}, /'data'/],
    [{ data: {} }, /'data'/],
    [{ data: { train }, objective: 'nsp' }, /lacks 'mlm'/],
    [{ data: { train }, objective: ['mlm', 'clm'] }, /'objective/],
    [{ data: { train }, engine: 'gpu' }, /'engine'/],
    [{ data: { train }, numhiddenlayers: 3 }, /'numhiddenlayers'.*did you mean 'numHiddenLayers'/],
    [{ data: { train }, dropout: 1 }, /'dropout'/],
  ])('refuses %j', (options, message) => {
    expect(() => checkOptions(options as BertPretrainingOptions)).toThrow(message);
  });
});
