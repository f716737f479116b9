import * as z from 'zod';
import { HooklineError } from './errors.js';
import { nearest } from './nearest.js';
import { parseOptions } from './parse.js';
import type { Cell, Hooks, Plugin, RunContext } from './plugin.js';

const hookNames = ['onStep', 'onEval', 'onForwardBlock'] as const satisfies readonly (keyof Hooks)[];

const operator = z.custom((value) => typeof value === 'function', 'must be an RxJS operator, e.g. during(…)').optional();
const names = z.array(z.string().min(1)).optional();

const shape = z.looseObject({
  name: z.string().min(1),
  onStep: operator,
  onEval: operator,
  onForwardBlock: operator,
  stage: z.number().optional(),
  endStage: z.number().optional(),
  before: names,
  after: names,
  provides: names,
  requires: names,
  conflicts: names,
  shares: names,
  accumulation: z.int().positive().optional(),
  retention: z.looseObject({}).optional(),
  state: z
    .looseObject({ version: z.int(), schema: z.looseObject({}), initial: z.custom((value) => typeof value === 'function', 'must be a function') })
    .optional(),
  setup: z.custom((value) => typeof value === 'function', 'must be a function').optional(),
});

/** A key that looks like a misspelt one of ours; other keys are the plugin's own business. */
function checkKeys(who: string, keys: readonly string[], known: readonly string[]): void {
  for (const key of keys) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    if (meant !== undefined || /^on[A-Z]/.test(key)) {
      throw new HooklineError('HOOKLINE_PLUGIN_SHAPE', `${who} has '${key}', which means nothing`, {
        hint: meant ? `did you mean '${meant}'?` : `the hooks are: ${hookNames.join(', ')}`,
      });
    }
  }
}

/** @throws HooklineError `HOOKLINE_PLUGIN_SHAPE` for what is no plugin, or misspells a part of one */
export function checkPlugin(plugin: Plugin): void {
  const name = (plugin as Partial<Plugin> | undefined)?.name;
  const who = typeof name === 'string' ? `plugin '${name}'` : 'a plugin';
  parseOptions(who, shape, plugin, 'HOOKLINE_PLUGIN_SHAPE');
  checkKeys(who, Object.keys(plugin), Object.keys(shape.shape));
}

function setUp<T>(plugin: Plugin<T>, run: RunContext, cell: Cell<unknown>): Hooks<T> {
  try {
    return plugin.setup?.(run, cell) ?? {};
  } catch (cause) {
    if (cause instanceof HooklineError) throw cause;
    throw new HooklineError('HOOKLINE_PLUGIN_SETUP', `setup of plugin '${plugin.name}' threw ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/**
 * The hooks of a plugin in one run: those given directly and those made by its `setup`.
 * @throws HooklineError `HOOKLINE_PLUGIN_SETUP` where `setup` throws, `HOOKLINE_PLUGIN_SHAPE` where it answers with anything but hooks or gives a hook twice
 */
export function hooksOf<T>(plugin: Plugin<T>, run: RunContext, cell: Cell<unknown>): Hooks<T> & { readonly name: string } {
  const made = setUp(plugin, run, cell);
  const who = `what setup of plugin '${plugin.name}' returned`;
  if (typeof (made as { then?: unknown }).then === 'function')
    throw new HooklineError('HOOKLINE_PLUGIN_SHAPE', `${who} is a Promise`, { hint: 'setup is synchronous; wait before the trainer is created' });
  checkKeys(who, Object.keys(made), hookNames);
  const twice = hookNames.find((hook) => plugin[hook] && made[hook]);
  if (twice) throw new HooklineError('HOOKLINE_PLUGIN_SHAPE', `plugin '${plugin.name}' gives ${twice} both directly and by setup`, { hint: 'give it once' });
  const given = hookNames.flatMap((hook) => ((made[hook] ?? plugin[hook]) ? [[hook, made[hook] ?? plugin[hook]]] : []));
  return { name: plugin.name, ...Object.fromEntries(given) };
}
