import { expect, it } from 'vitest';
import { given } from './given.js';

it('leaves out what is undefined, and nothing else that is empty', () => {
  const options: { readonly a: number; readonly b: string | undefined; readonly c?: number | undefined } = { a: 0, b: undefined, c: undefined };
  const exact: { readonly a: number; readonly b?: string; readonly c?: number } = given(options);
  expect(Object.keys(exact)).toEqual(['a']);
  expect(given({ zero: 0, empty: '', no: false, nothing: null, missing: undefined })).toEqual({ zero: 0, empty: '', no: false, nothing: null });
});
