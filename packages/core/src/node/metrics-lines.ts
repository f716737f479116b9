import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { HooklineError } from '../errors.js';
import type { News } from '../trainer-types.js';

/** What the metrics file records. */
export type MetricsKind = 'step' | 'evaluation' | 'checkpoint';

/** A line of a metrics file: the news, their kind, and when they were written, in milliseconds since 1970. */
export type MetricsLine = { readonly [K in MetricsKind]: { readonly event: K; readonly time: number } & News[K] }[MetricsKind];

/** JSON has no NaN: it is written as null, and so are infinities. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const scalars = z.record(z.string(), number);
const time = z.number();

const lineSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('step'),
    time,
    index: z.int(),
    total: z.int(),
    epoch: number,
    loss: number,
    losses: scalars,
    gradientNorm: number,
    learningRate: number,
    activeBlocks: z.int(),
    active: z.array(z.boolean()),
    report: scalars,
    skipped: z.boolean(),
    seconds: number,
  }),
  z.strictObject({ event: z.literal('evaluation'), time, step: z.int(), set: z.string(), metrics: scalars, seconds: number }),
  z.strictObject({ event: z.literal('checkpoint'), time, step: z.int() }),
]);

/** News as a line of the file. */
export const metricsLine = <K extends MetricsKind>(event: K, news: News[K], at: number): string => `${JSON.stringify({ event, time: at, ...news })}\n`;

function parseLine(text: string): MetricsLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * The lines of a metrics file's text. What follows the last line break is left out: a process was killed while it wrote.
 * @param where the file, for the error
 * @throws HooklineError `HOOKLINE_METRICS_FILE` naming the line that is none
 */
export function parseMetrics(text: string, where: string): readonly MetricsLine[] {
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return lines.map((line, i) => {
    const parsed = parseLine(line);
    if (!parsed) throw new HooklineError('HOOKLINE_METRICS_FILE', `${where}, line ${i + 1} is no event of a run: ${line.slice(0, 80)}`);
    return parsed;
  });
}

/**
 * Reads what the plugin `metricsFile` wrote, while the run goes on or after it.
 * @throws HooklineError `HOOKLINE_METRICS_FILE` when the file cannot be read, or a line is no event
 */
export async function readMetrics(path: string): Promise<readonly MetricsLine[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new HooklineError('HOOKLINE_METRICS_FILE', `cannot read the metrics file ${path} (${cause.code})`, {
      hint: 'give the metrics.jsonl of a run',
      cause,
    });
  });
  return parseMetrics(text, path);
}
