import { blockStatistics, type Plugin, positiveLengthSchema } from '@hookline/core';
import { profiler, tensorBoard } from '@hookline/core/node';
import * as z from 'zod';

/** What a run tells of itself besides its metrics and its report. */
export const telemetrySchema = z.strictObject({
  statistics: positiveLengthSchema
    .optional()
    .describe('steps, or a share of the run, between two measurements of the blocks: gradient norm, distance and cosine of input and output'),
  tensorBoard: z.boolean().default(false).describe('whether event files for TensorBoard are written into RUN/tensorboard'),
  profile: z.boolean().default(false).describe('whether time is measured by part and block, and a trace written to RUN/trace.json'),
});
export type Telemetry = z.output<typeof telemetrySchema>;

/** @param config of the run, which TensorBoard shows as a text */
export function telemetryPlugins(telemetry: Telemetry | undefined, config: unknown): readonly Plugin[] {
  if (!telemetry) return [];
  const { statistics, tensorBoard: events, profile } = telemetry;
  return [
    ...(statistics === undefined ? [] : [blockStatistics({ every: statistics })]),
    ...(events ? [tensorBoard({ texts: { config: `\`\`\`json\n${JSON.stringify(config, undefined, 2)}\n\`\`\`` } })] : []),
    ...(profile ? [profiler({ log: false })] : []),
  ];
}
