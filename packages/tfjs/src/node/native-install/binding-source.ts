import { HooklineError } from '@hookline/core';

/**
 * tfjs-node 4.22 lets a tensor share the memory of the typed array that it is made from, where that lies on a border of 64 bytes, and hands TensorFlow a callback
 * that deletes the reference to the array. TensorFlow calls it from whichever thread drops the last use of the memory, e.g. one of its own that replaces a
 * variable's value, and a reference deleted outside Node's thread damages Node's tables: now and then, and long after, the process ends without a word.
 * So the addon copies instead. What changes the typed array later no longer changes the tensor either.
 */
export const changes: readonly (readonly [published: string, ours: string])[] = [
  [
    `  NapiAutoRef *auto_ref = new NapiAutoRef();
  nstatus = auto_ref->Init(env, array_value);
  if (nstatus != napi_ok) {
    delete auto_ref;
  }
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
`,
    '',
  ],
  [
    `TF_NewTensor(dtype, shape, shape_length, array_data,
                                    byte_size, DeallocTensor, auto_ref));
`,
    `TF_AllocateTensor(dtype, shape, shape_length, byte_size));
  if (byte_size > 0) std::memcpy(TF_TensorData(tensor.tensor), array_data, byte_size);
`,
  ],
  [
    `    delete auto_ref;
    TFE_DeleteTensorHandle`,
    '    TFE_DeleteTensorHandle',
  ],
];

/**
 * tfjs-node's `binding/tfjs_backend.cc` with tensors that own their memory.
 * @throws HooklineError HOOKLINE_ENGINE_BUILD where the source is not that of tfjs-node 4.22
 */
export function ownMemory(source: string): string {
  return changes.reduce((text, [published, ours]) => {
    if (text.split(published).length !== 2) {
      throw new HooklineError(
        'HOOKLINE_ENGINE_BUILD',
        `tfjs-node's binding/tfjs_backend.cc is not as expected: it lacks '${published.trim().split('\n')[0]}'`,
        {
          hint: 'report it as a bug, with the version of tfjs-node',
        },
      );
    }
    return text.replace(published, () => ours);
  }, source);
}
