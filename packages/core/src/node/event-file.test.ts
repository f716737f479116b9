import { expect, it } from 'vitest';
import { eventRecords, record, scalarsEvent, textEvent, versionEvent } from './event-file.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Records of a file that the `tensorboard` package's own writer made. */
const written = {
  loss: '1e00000000000000d9dc1232' + '090000200084d7d7412a130a110a0a747261696e2f6c6f7373150000e040' + '34442245',
  theta: '1d00000000000000602fdf23' + '090000200084d7d7412a120a100a09706c642f7468657461150000803f' + 'e6cfd608',
  later: '200000000000000029eda950' + '090000e00084d7d74110032a130a110a0a747261696e2f6c6f7373150000e03f' + 'd75a894a',
};

it('writes scalars byte for byte as TensorBoard’s own writer', () => {
  expect(hex(record(scalarsEvent({ time: 1_600_000_000.5, step: 0 }, { 'train/loss': 7 })))).toBe(written.loss);
  expect(hex(record(scalarsEvent({ time: 1_600_000_000.5, step: 0 }, { 'pld/theta': 1 })))).toBe(written.theta);
  expect(hex(record(scalarsEvent({ time: 1_600_000_003.5, step: 3 }, { 'train/loss': 1.75 })))).toBe(written.later);
});

it('begins a file with its version, and writes texts as tensors of the text plugin', () => {
  const [version] = eventRecords(record(versionEvent(1)));
  expect(hex(version!.data)).toBe(`09000000000000f03f1a0d${hex(new TextEncoder().encode('brain.Event:2'))}`);
  const text = hex(textEvent({ time: 1, step: 0 }, 'a', 'b'));
  // value { tag: 'a', tensor { dtype: DT_STRING, shape { dim { size: 1 } }, string_val: 'b' }, metadata { plugin_data { plugin_name: 'text' } } }
  expect(text).toBe('09000000000000f03f2a1c0a1a0a0161420b0807120412020801420162' + '4a080a060a0474657874');
});

it('finds records and their steps, up to what is cut short or damaged', () => {
  const events = [0, 1, 300, 70_000].map((step) => record(scalarsEvent({ time: 1, step }, { x: step })));
  const file = Buffer.concat(events);
  expect([...eventRecords(file)].map(({ step }) => step)).toEqual([0, 1, 300, 70_000]);
  expect([...eventRecords(file)].at(-1)?.end).toBe(file.length);
  expect([...eventRecords(file.subarray(0, -1))].map(({ step }) => step)).toEqual([0, 1, 300]);
  for (const place of [0, 9, 13, events[1]!.length - 1]) {
    const damaged = Buffer.from(file);
    damaged[events[0]!.length + place]! ^= 1;
    expect([...eventRecords(damaged)].map(({ step }) => step)).toEqual([0]);
  }
  expect([...eventRecords(new Uint8Array(5))]).toEqual([]);
});
