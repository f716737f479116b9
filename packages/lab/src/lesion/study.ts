import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { requireFilePlace } from '../places.js';
import { type Report, renderReport } from '../report/index.js';
import { type LesionedRun, type LesionOptions, lesionRuns } from './lesion.js';
import { lesionReport } from './lesion-report.js';

/**
 * Leaves each block of finished runs out once and writes what that costs into an HTML file.
 * @param out path of the file
 * @throws HooklineError `HOOKLINE_WRITE`, `HOOKLINE_PERMISSION`, and as `lesionRuns`
 */
export async function studyLesions(
  paths: readonly string[],
  out: string,
  options: LesionOptions = {},
): Promise<{ readonly runs: readonly LesionedRun[]; readonly report: Report }> {
  requireFilePlace(out);
  const runs = await lesionRuns(paths, options);
  const report = await lesionReport(runs, `hookline study lesion ${paths.join(' ')} --out ${out}`);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, await renderReport(report));
  return { runs, report };
}
