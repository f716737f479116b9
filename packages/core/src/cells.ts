import { HooklineError } from './errors.js';
import { parseOptions } from './parse.js';
import type { Cell, Plugin, RunContext } from './plugin.js';
import type { Checkpoint } from './trainer-types.js';

/** The states of a run's plugins. */
export interface Cells {
  of(plugin: Plugin): Cell<unknown>;
  /** Copies, for a checkpoint. */
  save(): Checkpoint['plugins'];
}

const stateless = (name: string): Cell<unknown> => ({
  get: () => undefined,
  set() {
    throw new HooklineError('HOOKLINE_STATE', `plugin '${name}' sets a state and declares none`, { hint: 'give it a state: { version, schema, initial }' });
  },
});

function cellOf(plugin: Plugin, run: RunContext, saved: Checkpoint['plugins'][string] | undefined): Cell<unknown> {
  const { name, state } = plugin;
  if (!state) return stateless(name);
  const parse = (who: string, value: unknown): unknown => parseOptions(who, state.schema, value, 'HOOKLINE_STATE');
  if (saved && saved.version !== state.version) {
    throw new HooklineError(
      'HOOKLINE_STATE',
      `the checkpoint holds version ${saved.version} of the state of plugin '${name}', which has version ${state.version}`,
      { hint: 'resume with the version of the plugin that wrote it' },
    );
  }
  let value = saved ? parse(`the checkpoint's state of plugin '${name}'`, saved.state) : parse(`the initial state of plugin '${name}'`, state.initial(run));
  return {
    get: () => value,
    set(next) {
      value = parse(`the state that plugin '${name}' sets`, next);
    },
  };
}

/**
 * A cell for each plugin: restored where the run resumes, initial otherwise. Every value is checked by the plugin's schema.
 * @throws HooklineError `HOOKLINE_STATE` naming the plugin
 */
export function createCells(plugins: readonly Plugin[], run: RunContext, saved: Checkpoint['plugins'] | undefined): Cells {
  const cells = new Map(plugins.map((plugin) => [plugin, cellOf(plugin, run, saved?.[plugin.name])]));
  return {
    of: (plugin) => cells.get(plugin) ?? stateless(plugin.name),
    save: () => {
      const withState = [...cells].filter(([plugin]) => plugin.state !== undefined);
      return Object.fromEntries(withState.map(([{ name, state }, cell]) => [name, { version: state!.version, state: structuredClone(cell.get()) }]));
    },
  };
}
