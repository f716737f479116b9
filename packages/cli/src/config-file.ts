import { readFileSync } from 'node:fs';
import { HooklineError, parseOptions } from '@hookline/core';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** A configuration file as read, with the way from a key to its line. */
export interface ConfigFile {
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Line, from 1, of the key at a path of keys; of the nearest outer key where it is not in the file. */
  readonly line: (keys: readonly PropertyKey[]) => number;
}

const refuse = (message: string, hint: string): HooklineError => new HooklineError('HOOKLINE_CONFIG', message, { hint });

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw refuse(`there is no file '${path}'`, 'give the path of a YAML or JSON file to --config');
    if (code === 'EISDIR') throw refuse(`'${path}' is a directory`, 'give the path of a YAML or JSON file to --config');
    if (error instanceof TypeError) throw refuse(`'${path}' is not UTF-8 text`, 'save it as UTF-8');
    throw error;
  }
}

function lineOf(document: Document, counter: LineCounter, keys: readonly PropertyKey[]): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const outer = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
    const pair = isMap(outer) ? outer.items.find((item) => isScalar(item.key) && String(item.key.value) === String(keys[depth - 1])) : undefined;
    const node = pair?.key ?? document.getIn(keys.slice(0, depth), true);
    if (isNode(node) && node.range) return counter.linePos(node.range[0]).line;
  }
  return 1;
}

/**
 * Reads a configuration: YAML, of which JSON is a part.
 * @throws HooklineError `HOOKLINE_CONFIG` with file, line and column where it cannot be read
 */
export function readConfigFile(path: string): ConfigFile {
  const counter = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error) {
    const { line, col } = counter.linePos(error.pos[0]);
    const reason = error.message.replace(/\s+/g, ' ').replace(/\.$/, '');
    throw refuse(`${path}:${line}:${col}: not YAML: ${reason[0]?.toLowerCase()}${reason.slice(1)}`, 'mend that line, or write the file as JSON');
  }
  const value: unknown = document.toJS();
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw refuse(
      `${path}:1: the file holds ${Array.isArray(value) ? 'a list' : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`}, not keys with values`,
      'write it as `key: value` lines',
    );
  }
  return { path, value: (value ?? {}) as Record<string, unknown>, line: (keys) => lineOf(document, counter, keys) };
}

/** The path of the first thing wrong, an unknown key before all else. */
function firstProblem(error: z.ZodError): readonly PropertyKey[] {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') return [...unknown.path, unknown.keys[0]!];
  return error.issues[0]?.path ?? [];
}

/**
 * Checks the file alone, so that what is wrong with it is told with its line, before flags are laid over it.
 * @throws HooklineError `HOOKLINE_CONFIG`: file, line, key, what is wrong, and the nearest right key for an unknown one
 */
export function checkConfigFile(file: ConfigFile, schema: z.ZodType): void {
  const result = schema.safeParse(file.value);
  if (!result.success) parseOptions(`${file.path}:${file.line(firstProblem(result.error))}`, schema, file.value, 'HOOKLINE_CONFIG');
}

type Tree = { readonly [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Flags laid over a file: objects are merged key by key, everything else is replaced; undefined leaves what is below. */
export function overlay(below: Tree, above: Tree): Tree {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged[key];
    merged[key] = isTree(value) ? overlay(isTree(under) ? under : {}, value) : value;
  }
  return merged;
}
