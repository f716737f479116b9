import { type MessageWriter, messageWriter } from '../protobuf.js';
import type { Scalars } from '../values.js';
import { maskedCrc32c } from './crc32c.js';

/** `DT_STRING` of TensorFlow's types.proto. */
const stringType = 7;

/** When something happened: seconds since 1970, and optimizer steps completed. */
interface Moment {
  readonly time: number;
  readonly step: number;
}

/** An `Event` of TensorFlow's event.proto; a step of 0 is the default, and left out. */
const event = ({ time, step }: Moment): MessageWriter => (step === 0 ? messageWriter().double(1, time) : messageWriter().double(1, time).integer(2, step));

/** The first event of every file. */
export const versionEvent = (time: number): Uint8Array => event({ time, step: 0 }).text(3, 'brain.Event:2').finish();

/** Numbers by tag, as one event: `Summary.Value` with tag and simple_value (summary.proto). */
export function scalarsEvent(moment: Moment, scalars: Scalars): Uint8Array {
  const summary = messageWriter();
  for (const [tag, value] of Object.entries(scalars)) summary.message(1, messageWriter().text(1, tag).float(2, value));
  return event(moment).message(5, summary).finish();
}

/** A text as TensorBoard's text plugin shows it, Markdown and all: a tensor of one string. */
export function textEvent(moment: Moment, tag: string, text: string): Uint8Array {
  const shape = messageWriter().message(2, messageWriter().integer(1, 1));
  const tensor = messageWriter().integer(1, stringType).message(2, shape).text(8, text);
  const metadata = messageWriter().message(1, messageWriter().text(1, 'text'));
  const value = messageWriter().text(1, tag).message(8, tensor).message(9, metadata);
  return event(moment).message(5, messageWriter().message(1, value)).finish();
}

const header = 12;
const footer = 4;

/** An event in the frame of a TFRecord file: length (64 bits), its checksum, the event, its checksum; all little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(header + data.length + footer);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(data, header);
  view.setUint32(header + data.length, maskedCrc32c(data), true);
  return framed;
}

/** A sound record of a file. */
export interface EventRecord {
  readonly data: Uint8Array;
  readonly step: number;
  /** Where the next record begins. */
  readonly end: number;
}

/** The step of an event; 0 where it says none. */
function stepOf(data: Uint8Array): number {
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = data[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  while (at < data.length) {
    const tag = varint();
    if (tag === 0x10) return varint();
    if (tag % 8 === 1) at += 8;
    else if (tag % 8 === 5) at += 4;
    else if (tag % 8 === 2) {
      const length = varint();
      at += length;
    } else varint();
  }
  return 0;
}

/** The records of an event file, up to the first that is cut short or damaged: what comes after it, TensorBoard does not read either. */
export function* eventRecords(file: Uint8Array): Generator<EventRecord, void> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + header + footer <= file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const end = at + header + length + footer;
    if (end > file.length || view.getUint32(at + 8, true) !== maskedCrc32c(file.subarray(at, at + 8))) return;
    const data = file.subarray(at + header, end - footer);
    if (view.getUint32(end - footer, true) !== maskedCrc32c(data)) return;
    yield { data, step: stepOf(data), end };
    at = end;
  }
}
