import { HooklineError, parseOptions } from '@hookline/core';
import { type PretrainConfig, pretrainConfig } from '@hookline/lab';
import { flagConfig, type PretrainFlags } from './commands/pretrain-flags.js';
import { checkConfigFile, overlay, readConfigFile } from './config-file.js';

const methods = ['pld', 'layerDrop', 'stochasticDepth'] as const;
const methodOptions = ['schedule', 'convention', 'scaling', 'gates', 'sampling', 'matchSaving'] as const;

type Tree = Readonly<Record<string, unknown>>;

/** What a file says, but for what flags replace as a whole: another method, another length. */
function withoutReplaced(file: Tree, flags: PretrainFlags): Tree {
  const asked = methods.filter((method) => flags[method] !== undefined);
  const dropped = new Set<string>(asked.length ? methods.filter((method) => !asked.includes(method)) : []);
  if (flags.steps !== undefined) dropped.add('budget');
  if (flags.budget !== undefined) dropped.add('steps');
  return Object.fromEntries(Object.entries(file).filter(([key]) => !dropped.has(key)));
}

/** Flags of a method that is named in the file, not by a flag. */
function methodOfFile(file: Tree, flags: PretrainFlags): Tree {
  const given = Object.fromEntries(methodOptions.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])));
  if (Object.keys(given).length === 0 || methods.some((method) => flags[method] !== undefined)) return {};
  const method = methods.find((one) => file[one] !== undefined);
  if (method) return { [method]: given };
  throw new HooklineError('HOOKLINE_CONFIG', `--${Object.keys(given)[0]!.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} is given without a method`, {
    hint: 'add --pld, --layer-drop or --stochastic-depth',
  });
}

/**
 * The configuration of `pretrain`: the file's, checked by itself so that errors name its lines, with the flags over it.
 * @throws HooklineError `HOOKLINE_CONFIG`
 */
export function pretrainConfigOf(flags: PretrainFlags): PretrainConfig {
  const file = flags.config === undefined ? undefined : readConfigFile(flags.config);
  if (file) checkConfigFile(file, pretrainConfig);
  const below = withoutReplaced(file?.value ?? {}, flags);
  const value = overlay(overlay(below, flagConfig(flags)), methodOfFile(below, flags));
  return parseOptions(file ? `${file.path} with flags` : 'pretrain', pretrainConfig, value, 'HOOKLINE_CONFIG');
}
