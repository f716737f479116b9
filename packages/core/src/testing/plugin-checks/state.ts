import { fromPlainJson, toPlainJson } from '../../checkpoint/plain-json.js';
import type { Plugin } from '../../plugin.js';
import type { Checkpoint, CheckpointStore } from '../../trainer-types.js';
import { ensure, same } from '../check.js';
import { type PluginSubject, train } from './subject.js';

/** Every state that a checkpoint would hold comes back from JSON through the schema as it was. */
export async function keepsState(subject: PluginSubject): Promise<void> {
  const plugin = subject.make();
  const { state, name } = plugin;
  const states: unknown[] = [];
  const store: CheckpointStore = {
    save: async ({ plugins }: Checkpoint) => void states.push(plugins[name]?.state),
    load: async () => undefined,
  };
  const watch: Plugin = {
    name: 'conformance-initial',
    setup: (run) => {
      states.push(state?.initial(run));
      return {};
    },
  };
  await train(subject, { plugin, store, every: 1, around: (one) => [one, watch] });
  if (!state) return;
  for (const value of states) {
    const read = fromPlainJson(JSON.parse(JSON.stringify(toPlainJson(value, `the state of plugin '${name}'`))));
    ensure(
      same(read, value),
      `its state ${JSON.stringify(value)} comes back from a file as ${JSON.stringify(read)}`,
      'leave out keys instead of setting undefined',
    );
    const parsed = state.schema.safeParse(read);
    ensure(parsed.success, `its schema refuses its own state ${JSON.stringify(read)}`);
    ensure(
      same(parsed.data, value),
      `its schema makes ${JSON.stringify(parsed.data)} of the state ${JSON.stringify(value)}`,
      'a schema of state checks, and neither transforms nor adds',
    );
  }
}
