import { describe, expect, it } from 'vitest';
import { glueTask, glueTasks, splitLayout } from './glue-tasks.js';

describe('the tasks of GLUE', () => {
  it.each(Object.values(glueTasks))('$title: columns, texts and labels agree', (task) => {
    for (const layout of Object.values(task.splits)) {
      expect(layout.texts).toHaveLength(task.texts);
      for (const column of [...layout.texts, ...(layout.label === undefined ? [] : [layout.label])]) expect(column).toBeLessThan(layout.columns.length);
      expect(new Set(layout.columns).size).toBe(layout.columns.length);
    }
    expect(task.hubTexts).toHaveLength(task.texts);
    for (const split of task.evaluation) expect(splitLayout(task, split).label).toBeDefined();
    for (const { split } of task.submissions) expect(splitLayout(task, split).label).toBeUndefined();
    expect(task.written === 'number').toBe(task.target.kind === 'number');
  });

  it('puts the gold label of MNLI where the files have it', () => {
    expect(['train', 'dev_matched', 'dev_mismatched', 'test_matched'].map((split) => splitLayout(glueTasks.mnli, split).label)).toEqual([
      11,
      15,
      15,
      undefined,
    ]);
  });

  it('submits the eleven files of the server', () => {
    const files = Object.values(glueTasks).flatMap((task) => task.submissions.map(({ name }) => name));
    expect(files.sort()).toEqual(['AX', 'CoLA', 'MNLI-m', 'MNLI-mm', 'MRPC', 'QNLI', 'QQP', 'RTE', 'SST-2', 'STS-B', 'WNLI']);
  });

  it('is found under both names, and tells of the nearest one', () => {
    expect(glueTask('SST-2')).toBe(glueTasks.sst2);
    expect(glueTask('stsb')).toBe(glueTasks.stsb);
    expect(() => glueTask('colla')).toThrow(/there is no GLUE task 'colla'; did you mean 'cola'\?/);
    expect(() => splitLayout(glueTasks.mnli, 'dev')).toThrow(/MNLI has no set 'dev'; there are: train, dev_matched/);
    expect(() => splitLayout(glueTasks.rte, 'constructor')).toThrow(/RTE has no set/);
  });
});
