import { HooklineError } from './errors.js';
import type { Learner } from './learner.js';
import { type Bus, createBus } from './news.js';
import { orderPlugins, withDefaults } from './order.js';
import type { Plugin } from './plugin.js';
import { checkPlugin } from './plugin-shape.js';
import { Clock, createServices, Logger, type Services } from './services.js';
import { checkTrainerOptions, totalSteps } from './trainer-options.js';
import type { Retention, TrainerOptions } from './trainer-types.js';

/** What is known of a run before it starts: options checked, plugins in order, length in steps. */
export interface RunPlan<B, T> {
  readonly options: TrainerOptions<B, T>;
  readonly learner: Learner<B, T>;
  /** In the order in which their hooks run. */
  readonly plugins: readonly Plugin<T>[];
  /** Their names in the order in which they see the end of a step. */
  readonly endOrder: readonly string[];
  readonly seed: number;
  /** Micro-batches a step. */
  readonly accumulation: number;
  readonly total: number;
  readonly retention: Retention | undefined;
  readonly services: Services;
  readonly news: Bus;
  readonly clock: Clock;
}

function retentionOf(plugins: readonly Plugin[]): Retention | undefined {
  const [first, second] = plugins.filter((plugin) => plugin.retention !== undefined);
  if (first && second) {
    throw new HooklineError('HOOKLINE_PLUGIN_CONFLICT', `plugins '${first.name}' and '${second.name}' both say which checkpoints are kept`, {
      hint: 'remove one of them',
    });
  }
  return first?.retention;
}

/** Without a rate nothing learns; a mistake that no loss curve explains. */
function warnOfNoRate({ options, plugins, services }: Pick<RunPlan<any, any>, 'options' | 'plugins' | 'services'>): void {
  const somethingMaySetIt = options.learningRate !== undefined || plugins.some((plugin) => plugin.onStep || plugin.setup);
  if (!somethingMaySetIt)
    services.resolve(Logger).warn('the learning rate is 0: nothing will be learnt; give createTrainer a learningRate, or a plugin that sets it');
}

/** Gates without a block would be planned, and nothing left out. */
function refuseIdleGates({ learner, plugins }: Pick<RunPlan<any, any>, 'learner' | 'plugins'>): void {
  if (learner.blocks.length > 0) return;
  const idle = plugins.find(({ provides = [], shares = [] }) => [...provides, ...shares].includes('gating'));
  if (!idle) return;
  throw new HooklineError('HOOKLINE_GATES', `plugin '${idle.name}' plans gates, and the learner has no block`, {
    hint: 'run each residual block of the model by block(name, x, body)',
  });
}

/** @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_GATES`, `HOOKLINE_PLUGIN_…` */
export function planRun<B, T>(options: TrainerOptions<B, T>): RunPlan<B, T> {
  checkTrainerOptions(options);
  const { learner, seed = 0 } = options;
  const given = options.learningRate === undefined ? [] : ['learning-rate'];
  const candidates = withDefaults(learner.defaults ?? [], options.plugins ?? [], given);
  candidates.forEach(checkPlugin);
  const plugins = orderPlugins(candidates);
  refuseIdleGates({ learner, plugins });
  const accumulation = plugins.reduce((factor, plugin) => factor * (plugin.accumulation ?? 1), 1);
  const services = createServices(options.services);
  const news = createBus(services.resolve(Logger));
  warnOfNoRate({ options, plugins, services });
  return {
    options,
    learner,
    plugins,
    endOrder: orderPlugins(plugins, ({ stage = 0, endStage = stage }) => endStage).map(({ name }) => name),
    seed,
    accumulation,
    total: totalSteps(options, accumulation),
    retention: retentionOf(plugins),
    services,
    news,
    clock: services.resolve(Clock),
  };
}
