/** Writes the bytes of a SavedModel into a folder of its own for as long as `use` runs. Outside Node there is no native engine, and nothing to write for. */
export function withSavedModelDirectory<R>(_bytes: Uint8Array, _use: (directory: string) => R): R {
  throw new Error('graphs need Node');
}
