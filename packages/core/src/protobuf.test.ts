import { describe, expect, it } from 'vitest';
import { messageWriter } from './protobuf.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('messages', () => {
  it('are encoded as the examples of the format’s documentation', () => {
    expect(messageWriter().integer(1, 150).finish()).toEqual(bytes(0x08, 0x96, 0x01));
    expect(messageWriter().text(2, 'testing').finish()).toEqual(bytes(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67));
    expect(messageWriter().message(3, messageWriter().integer(1, 150)).finish()).toEqual(bytes(0x1a, 0x03, 0x08, 0x96, 0x01));
    expect(messageWriter().integer(1, -2).finish()).toEqual(bytes(0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01));
  });

  it('hold zeros, floats, and fields of high number', () => {
    expect(messageWriter().integer(1, 0).finish()).toEqual(bytes(0x08, 0x00));
    expect(messageWriter().float(4, 1).finish()).toEqual(bytes(0x25, 0x00, 0x00, 0x80, 0x3f));
    expect(messageWriter().double(1, 1).finish()).toEqual(bytes(0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f));
    expect(messageWriter().integer(16, 1).integer(2, 300).finish()).toEqual(bytes(0x80, 0x01, 0x01, 0x10, 0xac, 0x02));
    expect(messageWriter().bytes(1, new Uint8Array(200)).finish().slice(0, 3)).toEqual(bytes(0x0a, 0xc8, 0x01));
    expect(messageWriter().text(1, 'ß').finish()).toEqual(bytes(0x0a, 0x02, 0xc3, 0x9f));
  });
});
