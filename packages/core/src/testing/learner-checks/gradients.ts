import type { Counts } from '../../values.js';
import { ensure, ensureRefused } from '../check.js';
import { ensureAllNear, ensureNear, ensureScalarsNear, largestOf } from './near.js';
import { gradientsOf, type LearnerSubject, look, norm, planOf, stateKeys, step, using, valuesOf } from './subject.js';

const sum = (a: Counts, b: Counts): Counts => Object.fromEntries(Object.keys({ ...a, ...b }).map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
const times = (factor: number, counts: Counts): Counts => Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, factor * count]));

/** Gradients and losses of micro-batches add up, each divided by the counts of the whole step; one batch twice is that batch once. */
export const addsUp = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const countsAt = async (position: number) => learner.data.counts(await learner.data.batch(position));
    const whole = sum(await countsAt(0), await countsAt(1));
    const parts = [
      await look(learner, { position: 0, denominators: whole }, valuesOf),
      await look(learner, { position: 1, denominators: whole }, valuesOf),
    ] as const;
    const both = await gradientsOf(learner, { position: 1, denominators: whole, into: await gradientsOf(learner, { position: 0, denominators: whole }) });
    for (const name of both.names) {
      const [a, b] = [parts[0].result[name], parts[1].result[name]];
      const expected = Array.from({ length: both.values(name).length }, (_, i) => (a?.[i] ?? 0) + (b?.[i] ?? 0));
      ensureAllNear(both.values(name), expected, subject.tolerance, `the gradient of '${name}' over two micro-batches`);
    }
    const { losses } = await learner.update(both, planOf(learner, { skip: true }));
    ensureScalarsNear(losses, sum(parts[0].losses, parts[1].losses), subject.tolerance, 'the loss over two micro-batches');

    const once = await look(learner, {}, valuesOf);
    const denominators = times(2, await countsAt(0));
    const twice = await gradientsOf(learner, { denominators, into: await gradientsOf(learner, { denominators }) });
    for (const name of twice.names)
      ensureAllNear(twice.values(name), once.result[name]!, subject.tolerance, `of one batch given twice, the gradient of '${name}'`);
    ensureScalarsNear(
      (await learner.update(twice, planOf(learner, { skip: true }))).losses,
      once.losses,
      subject.tolerance,
      'of one batch given twice, the loss',
    );
  });

/** Each objective's loss is its sum over its own denominator. */
export const dividesByDenominators = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const counts = learner.data.counts(await learner.data.batch(0));
    const { losses, result } = await look(learner, {}, valuesOf);
    for (const objective of Object.keys(losses)) {
      const denominators = { ...counts, [objective]: 2 * counts[objective]! };
      const changed = await look(learner, { denominators }, () => undefined);
      const expected = { ...losses, [objective]: losses[objective]! / 2 };
      ensureScalarsNear(changed.losses, expected, subject.tolerance, `with twice the denominator of '${objective}', the loss`);
    }
    const halved = await look(learner, { denominators: times(2, counts) }, valuesOf);
    for (const [name, values] of Object.entries(result))
      ensureAllNear(
        halved.result[name]!,
        Array.from(values, (x) => x / 2),
        subject.tolerance,
        `with twice the denominators, the gradient of '${name}'`,
      );
  });

/** Each verb against plain arithmetic on `values`, alone and after another; the handle that it was asked of stays as it is. */
export const hasItsVerbs = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { tolerance, double } = subject;
    const handle = await gradientsOf(learner);
    const told = handle.losses();
    const before = valuesOf(handle);
    const [name, other = name] = handle.names as [string, ...string[]];
    const whole = norm(...Object.values(before));
    const loose = 10 * tolerance;
    ensureNear(handle.norm(), whole, tolerance, 'norm()');
    for (const one of handle.names) ensureNear(handle.norm(one), norm(before[one]!), tolerance, `norm('${one}')`, whole);
    const each = (verb: string, made: ReturnType<typeof valuesOf>, expected: (x: number, one: string, index: number) => number): void => {
      for (const [one, values] of Object.entries(before))
        ensureAllNear(
          made[one]!,
          Array.from(values, (x, i) => expected(x, one, i)),
          loose,
          `the gradient of '${one}' after ${verb}`,
        );
    };
    const limit = whole / 3;
    const factor = Math.min(1, limit / (whole + 1e-6));
    const bound = largestOf(before[name]!) / 2;
    const clamp = (x: number) => Math.max(-bound, Math.min(bound, x));
    const first = before[name]!;
    each('clipNorm', valuesOf(handle.clipNorm(limit)), (x) => x * factor);
    each('clipNorm above the norm', valuesOf(handle.clipNorm(whole * 2)), (x) => x);
    each('clipValue', valuesOf(handle.clipValue(bound)), clamp);
    each('scale', valuesOf(handle.scale(-3)), (x) => -3 * x);
    each('scale of one', valuesOf(handle.scale(2, (one) => one === name)), (x, one) => (one === name ? 2 * x : x));
    each('replace', valuesOf(handle.replace({ [name]: first.map((_: number, i: number) => i + 1) })), (x, one, i) => (one === name ? i + 1 : x));
    each('scale, then clipValue', valuesOf(handle.scale(3).clipValue(bound)), (x) => clamp(3 * x));
    each('clipValue, then scale', valuesOf(handle.clipValue(bound).scale(3)), (x) => 3 * clamp(x));
    each('clipNorm, then scale', valuesOf(handle.clipNorm(limit).scale(10)), (x) => 10 * x * factor);
    const asked: string[] = [];
    const mapped = handle.map((gradient, one) => {
      asked.push(one);
      return one === other && double ? double(gradient) : gradient;
    });
    each('map', valuesOf(mapped), (x, one) => (one === other && double ? 2 * x : x));
    ensure(
      handle.names.every((one) => asked.includes(one)),
      'map does not ask for every gradient',
    );
    each('verbs that other handles were made by', valuesOf(handle), (x) => x);
    const short = handle.replace.bind(handle, { [name]: new Float32Array(first.length + 1) });
    await ensureRefused(`replace with ${first.length + 1} numbers instead of ${first.length}`, () => short().norm());
    await ensureRefused('norm of a parameter that has no gradient', () => handle.norm('no such parameter'));
    await ensureRefused('values of a parameter that has no gradient', () => handle.values('no such parameter'));
    const { losses } = await learner.update(handle, planOf(learner, { skip: true }));
    ensureScalarsNear(told, losses, tolerance, 'losses(), beside what the update tells,');
  });

/** The optimizer takes what the verbs gave, and the losses and the norm it tells are those from before any verb. */
export const updatesByVerbs = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const begun = learner.save();
    const raw = await look(learner, {}, (gradients) => ({ whole: gradients.norm(), changed: valuesOf(gradients.scale(0.5).clipNorm(gradients.norm() / 4)) }));
    const told = await step(learner, { change: (gradients) => gradients.scale(0.5).clipNorm(gradients.norm() / 4) });
    const byVerbs = learner.save();
    ensureNear(told.gradientNorm, raw.result.whole, subject.tolerance, 'the gradient norm that an update tells', raw.result.whole);
    ensureScalarsNear(told.losses, raw.losses, subject.tolerance, 'the loss that an update tells');
    learner.load(begun);
    await step(learner, { change: (gradients) => gradients.replace(raw.result.changed) });
    const byNumbers = learner.save();
    for (const [key, { data }] of Object.entries(byNumbers))
      ensureAllNear(byVerbs[key]!.data, data, 100 * subject.tolerance, `after an update by verbs, '${key}'`);
    learner.load(begun);
    await step(learner);
    const plain = learner.save();
    const differs = Object.keys(plain).some((key) => plain[key]!.data.some((x, i) => x !== byVerbs[key]!.data[i]));
    ensure(differs, 'an update by changed gradients is the update by those that came from the backward pass');
  });

/** While another sum begins, and its update is left out, as where a step is replayed, the one before stays as it is. */
export const keepsSums = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const begun = learner.save();
    const { result } = await look(learner, {}, (gradients) => ({ names: gradients.names, norm: gradients.norm() }));
    await step(learner);
    const expected = learner.save();
    learner.load(begun);
    const first = await gradientsOf(learner);
    await look(learner, { position: 1 }, valuesOf);
    ensureNear(first.norm(), result.norm, subject.tolerance, 'after another sum began, the norm of the one before');
    await learner.update(first, planOf(learner));
    const found = learner.save();
    for (const name of result.names) {
      const weights = subject.weightOf(name);
      for (const key of [weights, ...stateKeys(expected, name, weights)])
        ensureAllNear(
          found[key]!.data,
          expected[key]!.data,
          10 * subject.tolerance,
          `updated by gradients after which another sum began, '${key}'`,
          'handles made before stay as they are',
        );
    }
  });

/** A frozen parameter has no gradient; the others have theirs, as does the loss. */
export const sparesFrozen = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const whole = await look(learner, {}, valuesOf);
    const frozen = new Set(Object.keys(whole.result).filter((_, i) => i % 2 === 0));
    const rest = Object.keys(whole.result).filter((name) => !frozen.has(name));
    if (rest.length === 0) return;
    const { losses, result } = await look(learner, { frozen: (name) => frozen.has(name) }, valuesOf);
    const strange = Object.keys(result).find((name) => frozen.has(name));
    ensure(strange === undefined, `the frozen parameter '${strange}' has a gradient`, 'gradients() is given `frozen` as its last argument');
    ensureScalarsNear(losses, whole.losses, subject.tolerance, 'with parameters frozen, the loss');
    for (const name of rest) {
      ensure(name in result, `with others frozen, '${name}' has no gradient`);
      ensureAllNear(result[name]!, whole.result[name]!, 10 * subject.tolerance, `with others frozen, the gradient of '${name}'`);
    }
  });

/** Handles of a step that is over, that another micro-batch was added to, or that the learner did not make, are refused. */
export const refusesStaleHandles = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const foreign = await gradientsOf(learner);
    await ensureRefused('an update with gradients that the learner did not make', () => learner.update({ ...foreign }, planOf(learner)));
    await ensureRefused('a micro-batch added to gradients that a verb changed', () => gradientsOf(learner, { into: foreign.scale(2) }));
    const first = await gradientsOf(learner);
    const second = await gradientsOf(learner, { into: first });
    await ensureRefused('the norm of gradients that another micro-batch was added to', () => first.norm());
    await learner.update(second, planOf(learner));
    await ensureRefused('the norm of gradients whose update is done', () => second.norm());
    await ensureRefused('a second update with the same gradients', () => learner.update(second, planOf(learner)));
    await ensureRefused('a micro-batch added to gradients whose update is done', () => gradientsOf(learner, { into: second }));
  });
