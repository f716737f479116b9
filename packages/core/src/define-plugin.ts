import type { z } from 'zod';
import { parseOptions } from './parse.js';
import type { Cell, Hooks, Order, Plugin, PluginState, RunContext } from './plugin.js';

/** What `definePlugin` needs to know of a kind of plugin. Options and state are typed by their schemas. */
export interface PluginDefinition<O extends z.ZodType, S extends z.ZodType> {
  readonly name: string;
  /** A `z.strictObject`, so that a misspelt option is an error. */
  readonly options: O;
  readonly state?: PluginState<S>;
  readonly order?: (options: z.output<O>) => Order;
  /** Called once a run; the state is already restored on resume. */
  readonly hooks: (options: z.output<O>, run: RunContext, state: Cell<z.output<S>>) => Hooks;
}

/** Makes plugins of one kind from options; carries name and schema for config files. Options may be left out where all are optional. */
export interface PluginFactory<O extends z.ZodType> {
  (...options: Record<never, never> extends z.input<O> ? [options?: z.input<O>] : [options: z.input<O>]): Plugin;
  readonly pluginName: string;
  readonly options: O;
}

/**
 * A kind of plugin with options: they are checked once, at the call, not in the run.
 * @throws (from the factory) HooklineError `HOOKLINE_OPTIONS` naming plugin, path and what is wrong
 */
export function definePlugin<O extends z.ZodType, S extends z.ZodType = z.ZodUndefined>(definition: PluginDefinition<O, S>): PluginFactory<O> {
  const { name, state, order, hooks } = definition;
  const make = (input?: z.input<O>): Plugin => {
    const options = parseOptions(`plugin '${name}'`, definition.options, input ?? {});
    return { name, ...order?.(options), ...(state ? { state } : {}), setup: (run, cell) => hooks(options, run, cell) };
  };
  return Object.assign(make, { pluginName: name, options: definition.options }) as unknown as PluginFactory<O>;
}
