const utf8 = new TextEncoder();
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Writes a message in Protocol Buffers' wire format (protobuf.dev, "Encoding"), field by field. Fields are numbered as in the message's
 * .proto file; each method answers with the writer itself.
 */
export interface MessageWriter {
  /** An int32, int64, enum or bool field; negative numbers take ten bytes, as the format has it. */
  integer(field: number, value: number): MessageWriter;
  /** A float field. */
  float(field: number, value: number): MessageWriter;
  /** A double field. */
  double(field: number, value: number): MessageWriter;
  bytes(field: number, value: Uint8Array): MessageWriter;
  text(field: number, value: string): MessageWriter;
  /** An embedded message. */
  message(field: number, value: MessageWriter): MessageWriter;
  finish(): Uint8Array;
}

/** An integer in base 128, low groups first, as 64 bits in two's complement. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: number): Uint8Array => varint(field * 8 + wire);

/** A writer of one message, empty at first. */
export function messageWriter(): MessageWriter {
  const parts: Uint8Array[] = [];
  const writer: MessageWriter = {
    integer(field, value) {
      parts.push(tag(field, VARINT), varint(value));
      return writer;
    },
    float(field, value) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value, true);
      parts.push(tag(field, FIXED32), bytes);
      return writer;
    },
    double(field, value) {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, value, true);
      parts.push(tag(field, FIXED64), bytes);
      return writer;
    },
    bytes(field, value) {
      parts.push(tag(field, BYTES), varint(value.length), value);
      return writer;
    },
    text: (field, value) => writer.bytes(field, utf8.encode(value)),
    message: (field, value) => writer.bytes(field, value.finish()),
    finish() {
      const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    },
  };
  return writer;
}
