import { fault } from '../check.js';
import { tracedTrainer, tracing } from '../traced-run.js';
import { compareRuns, type PluginSubject, runOf, train } from './subject.js';

/** The same seed gives the same run: draws are keyed, and nothing comes from the clock or from an earlier run. */
export async function repeats(subject: PluginSubject): Promise<void> {
  const once = await train(subject);
  await train(subject, { seed: 2, killAfter: 2 }); // of another length, lest what counts come round
  compareRuns(once, await train(subject), (what) =>
    fault(`two runs of the same seed differ: ${what}`, 'draw with run.random(stream, step, index), and keep state in the cell of setup(run, state)'),
  );
}

/** One plugin object in two runs at once, step by step in turns: neither knows of the other. */
export async function servesTwoRuns(subject: PluginSubject): Promise<void> {
  const alone = await train(subject);
  const plugin = subject.make();
  const learners = [await subject.learner(), await subject.learner()] as const;
  try {
    const trainers = learners.map((learner, i) => tracedTrainer(runOf(subject, learner, { plugin, seed: i + 1 })));
    const trace = tracing(trainers[0]!);
    const turns = trainers.map((trainer) => trainer.events('step'));
    for (let open = true; open; ) {
      const done = [];
      for (const turn of turns) done.push((await turn.next()).done);
      open = done.includes(false);
    }
    compareRuns(alone, { ...trace, tensors: learners[0].save() }, (what) =>
      fault(
        `beside another run with the same plugin object, the run is another one: ${what}`,
        'make what changes in setup, which is called for each run: a plugin object holds none of it',
      ),
    );
  } finally {
    for (const learner of learners) learner.dispose();
  }
}
