import { HooklineError } from './errors.js';
import { didYouMean } from './nearest.js';
import type { Plugin } from './plugin.js';

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

const namesOf = (plugins: readonly Plugin[]): readonly string[] => plugins.map((plugin) => plugin.name);

const offers = (plugin: Plugin, capability: string): boolean => [...(plugin.provides ?? []), ...(plugin.shares ?? [])].includes(capability);

const owns = (plugin: Plugin, capability: string): boolean => (plugin.provides ?? []).includes(capability) && !(plugin.shares ?? []).includes(capability);

function checkNames(plugins: readonly Plugin[]): void {
  const seen = new Set<string>();
  for (const { name } of plugins) {
    if (seen.has(name))
      throw new HooklineError('HOOKLINE_PLUGIN_DUPLICATE', `two plugins are named '${name}'`, { hint: 'remove one, or name it anew: { ...plugin, name }' });
    seen.add(name);
  }
}

function checkCapabilities(plugins: readonly Plugin[]): void {
  for (const capability of new Set(plugins.flatMap((plugin) => plugin.provides ?? []))) {
    const owners = namesOf(plugins.filter((plugin) => owns(plugin, capability)));
    if (owners.length > 1) {
      throw new HooklineError('HOOKLINE_PLUGIN_CONFLICT', `plugins ${quoted(owners)} all provide '${capability}'`, {
        hint: `remove all but one, or let one share it (shares: ['${capability}'])`,
      });
    }
  }
}

function checkRelations(plugins: readonly Plugin[]): void {
  for (const plugin of plugins) {
    const others = plugins.filter((other) => other !== plugin);
    const missing = plugin.requires?.find((needed) => !others.some((other) => other.name === needed || offers(other, needed)));
    if (missing !== undefined) {
      throw new HooklineError('HOOKLINE_PLUGIN_REQUIRES', `plugin '${plugin.name}' requires '${missing}', which no other plugin provides`, {
        hint: `add a plugin that provides '${missing}'`,
      });
    }
    for (const enemy of plugin.conflicts ?? []) {
      const met = others.find((other) => other.name === enemy || offers(other, enemy));
      if (met)
        throw new HooklineError('HOOKLINE_PLUGIN_CONFLICT', `plugin '${plugin.name}' conflicts with '${met.name}' ('${enemy}')`, {
          hint: 'remove one of them',
        });
    }
  }
}

/** For each plugin, those that must come before it. */
function predecessors(plugins: readonly Plugin[]): Map<Plugin, Set<Plugin>> {
  const earlier = new Map<Plugin, Set<Plugin>>(plugins.map((plugin) => [plugin, new Set()]));
  const find = (from: Plugin, name: string): Plugin => {
    const found = plugins.find((plugin) => plugin.name === name);
    if (found) return found;
    throw new HooklineError('HOOKLINE_PLUGIN_UNKNOWN', `plugin '${from.name}' is ordered against '${name}', which is not installed`, {
      hint: didYouMean(name, namesOf(plugins)),
    });
  };
  for (const plugin of plugins) {
    for (const name of plugin.before ?? []) earlier.get(find(plugin, name))!.add(plugin);
    for (const name of plugin.after ?? []) earlier.get(plugin)!.add(find(plugin, name));
  }
  return earlier;
}

/**
 * The order in which hooks run: `before` and `after` first, then the stage, then the order given (Kahn's algorithm, stable).
 * @param stageOf default: `stage`, which is 0 where a plugin has none
 * @throws HooklineError `HOOKLINE_PLUGIN_DUPLICATE`, `_CONFLICT`, `_REQUIRES`, `_UNKNOWN`, `_CYCLE`
 */
export function orderPlugins<T>(plugins: readonly Plugin<T>[], stageOf: (plugin: Plugin<T>) => number = ({ stage = 0 }) => stage): readonly Plugin<T>[] {
  checkNames(plugins);
  checkCapabilities(plugins);
  checkRelations(plugins);
  const earlier = predecessors(plugins);
  const waiting = new Set(plugins);
  const ordered: Plugin<T>[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((plugin) => [...earlier.get(plugin)!].every((before) => !waiting.has(before)));
    if (ready.length === 0)
      throw new HooklineError('HOOKLINE_PLUGIN_CYCLE', `the order of plugins ${quoted(namesOf([...waiting]))} is a cycle`, {
        hint: 'remove a before or after',
      });
    const next = ready.reduce((first, plugin) => (stageOf(plugin) < stageOf(first) ? plugin : first));
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/**
 * The learner's defaults that nothing of the user replaces, and the user's plugins. A default gives way to a plugin of its name or one that
 * provides the same capability, and to an option of the trainer that stands for the capability.
 * @param given capabilities that options provide: `learning-rate`, where `learningRate` is given
 */
export function withDefaults<T>(defaults: readonly Plugin<T>[], own: readonly Plugin<T>[], given: readonly string[] = []): readonly Plugin<T>[] {
  const taken = (capability: string): boolean => given.includes(capability) || own.some((plugin) => owns(plugin, capability));
  const replaced = (fallback: Plugin<T>): boolean => own.some((plugin) => plugin.name === fallback.name) || (fallback.provides ?? []).some(taken);
  return [...defaults.filter((plugin) => !replaced(plugin)), ...own];
}
