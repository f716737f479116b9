import type { z } from 'zod';
import { HooklineError } from './errors.js';
import { didYouMean } from './nearest.js';

/** The inner parts of a zod schema that lead to the keys of an object; zod does not type them for a schema of unknown kind. */
interface Inside {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** Object schemas that a schema stands for, seen through optional, default, pipe and union. */
function objects(schema: z.ZodType): readonly Inside[] {
  const inside = schema.def as unknown as Inside;
  if (inside.shape) return [inside];
  const next = inside.innerType ?? inside.in;
  return next ? objects(next) : (inside.options ?? []).flatMap(objects);
}

const step = (schema: z.ZodType, key: PropertyKey): readonly z.ZodType[] => {
  const inside = schema.def as unknown as Inside;
  const item = inside.element ?? inside.valueType;
  if (item) return [item];
  const next = inside.innerType ?? inside.in;
  if (next) return step(next, key);
  if (inside.options) return inside.options.flatMap((option) => step(option, key));
  const found = inside.shape?.[String(key)];
  return found ? [found] : [];
};

/** Keys that an object at this path may have. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const here = path.reduce<readonly z.ZodType[]>((schemas, key) => schemas.flatMap((one) => step(one, key)), [schema]);
  return [...new Set(here.flatMap(objects).flatMap((object) => Object.keys(object.shape ?? {})))];
}

type Issue = z.core.$ZodIssue;

/** The issue that says most: of a union, that of the alternative which fitted furthest. */
function telling(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const inner = issue.errors.flatMap((issues) => issues.slice(0, 1));
  const deepest = inner.reduce((best, one) =>
    one.path.length > best.path.length || (one.code !== 'invalid_type' && best.code === 'invalid_type') ? one : best,
  );
  return telling({ ...deepest, path: [...issue.path, ...deepest.path] });
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);

const shown = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? ` (is ${JSON.stringify(value)})` : '';

/** A path as one writes it in code: `warmup.steps`, `betas[1]`. */
const written = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((before, key) => (typeof key === 'number' ? `${before}[${key}]` : before === '' ? String(key) : `${before}.${String(key)}`), '');

/**
 * Checks a value against a schema and answers with the parsed value.
 * @param who whose options they are, e.g. `plugin 'clip-gradients'`; the beginning of the error's sentence
 * @throws HooklineError `HOOKLINE_OPTIONS` (or `code`): who, path, what is wrong, and the nearest right key for an unknown one
 */
export function parseOptions<S extends z.ZodType>(who: string, schema: S, value: unknown, code: `HOOKLINE_${string}` = 'HOOKLINE_OPTIONS'): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(telling);
  const issue = issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]!; // a misspelt key is also a missing one
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0]!;
    throw new HooklineError(code, `${who}: there is no option '${written([...issue.path, unknown])}'`, {
      hint: didYouMean(unknown, keysAt(schema, issue.path)),
    });
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  const keys = issue.code === 'invalid_type' && issue.expected === 'object' ? keysAt(schema, issue.path) : [];
  throw new HooklineError(code, `${who}: option '${written(issue.path) || 'options'}': ${message}${shown(valueAt(value, issue.path))}`, {
    ...(keys.length > 0 ? { hint: `its keys are ${keys.join(', ')}` } : {}),
  });
}
