import type { Operation, Value } from './trace.js';

/** FNV-1a, 32 bits, over the bytes. */
function hash(bytes: Uint8Array): number {
  let h = 2166136261;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619);
  return h >>> 0;
}

function describe(value: Value): string {
  switch (value.kind) {
    case 'argument':
      return `a${value.index}`;
    case 'variable':
      return `v${value.variable.id}`;
    case 'constant':
      return `c${value.dtype}[${value.shape}]${hash(value.bytes)}`;
    case 'output':
      return `${value.operation.index}:${value.index}`;
  }
}

/** What a run did, as text: two runs are the same where their signatures are, constants made in JavaScript included. */
export function signatureOf(operations: readonly Operation[], outputs: readonly Value[]): string {
  const lines = operations.map(
    ({ op, attributes, inputs, outputs: made }) =>
      `${op} ${JSON.stringify(attributes.map(({ name, value }) => [name, value]))} ${inputs.map(describe)} ${made.map(({ shape }) => `[${shape}]`)}`,
  );
  return [...lines, outputs.map(describe).join()].join('\n');
}
