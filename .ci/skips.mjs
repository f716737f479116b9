// Fails on a test that was skipped without good reason.
// usage: node .ci/skips.mjs LIST.json REPORT.json...
// The list maps a test's full name to `{ needs, reason }`: paths, from the root of the repository, or `$VARIABLE` for the path that a variable of the
// environment names. The test may be skipped where one of them is absent, and must run where all are there. So a name stays on the list whether it ran or
// not; one that is in no report is stale.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [, , listFile, ...reportFiles] = process.argv;
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const listed = read(listFile);
const tests = reportFiles.flatMap((file) => read(file).testResults).flatMap((file) => file.assertionResults);
const skipped = new Set(tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName));

const pathOf = (need) => (need.startsWith('$') ? process.env[need.slice(1)] : join(root, need));
const isHere = (need) => !!pathOf(need) && existsSync(pathOf(need));
const faults = [];
for (const name of skipped) {
  const entry = listed[name];
  const absent = entry?.needs.filter((need) => !isHere(need)) ?? [];
  if (!entry) faults.push(`skipped, but not in ${listFile}: ${name}`);
  else if (absent.length === 0) faults.push(`skipped, though ${entry.needs.join(' and ')} are here: ${name}`);
  else console.log(`skipped without ${absent.join(' and ')}: ${name} (${entry.reason})`);
}
const names = new Set(tests.map((test) => test.fullName));
for (const name of Object.keys(listed)) if (!names.has(name)) faults.push(`listed in ${listFile}, but in no report: ${name}`);
if (tests.length === 0) faults.push('there are no tests');
for (const fault of faults) console.error(fault);
console.log(`${tests.length} tests, ${skipped.size} skipped`);
process.exitCode = faults.length === 0 ? 0 : 1;
