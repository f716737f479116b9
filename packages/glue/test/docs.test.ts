import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { taskScore } from '../src/metrics/metrics.js';
import { glueTask, glueTasks } from '../src/tasks/glue-tasks.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/glue.md'), 'utf8');

it('docs/glue.md has the tasks as they are', () => {
  const rows = [...page.matchAll(/^\| (\S+) \| `(\w+)` \| (\w+) \| (.+?) \| (.+?) \| (.+?) \|$/gm)];
  expect(rows.map(([, , name]) => name)).toEqual(Object.keys(glueTasks));
  for (const [, title, name, texts, labels, counts, metrics] of rows) {
    const task = glueTask(name!);
    expect(task.title).toBe(title);
    expect(task.texts).toBe(texts === 'pair' ? 2 : 1);
    if (task.target.kind === 'classes' && task.name !== 'ax') expect(labels).toBe(task.target.labels.join(', '));
    expect(counts!.match(/\d+/g)!.map(Number)).toEqual(Object.values(task.splits).map((layout) => layout.rows));
    expect(metrics!.replace(' on each', '').toLowerCase().split(', ')).toEqual(task.metrics);
  }
});

it('docs/glue.md shows what taskScore answers', () => {
  const rounded = Object.entries(taskScore(glueTask('mrpc').metrics, [1, 0, 1], [1, 1, 1])).map(([name, value]) => `${name}: ${Number(value.toFixed(3))}`);
  expect(page).toContain(`// { ${rounded.join(', ')} }`);
});
