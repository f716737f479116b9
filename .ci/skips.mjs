// Fails on a test that was skipped without being listed, and on a listed one that was not skipped.
// usage: node .ci/skips.mjs REPORT.json LIST.json      the list maps a test's full name to the reason why it may be skipped
import { readFileSync } from 'node:fs';

const [, , reportFile, listFile] = process.argv;
const report = JSON.parse(readFileSync(reportFile, 'utf8'));
const listed = JSON.parse(readFileSync(listFile, 'utf8'));
const skipped = report.testResults.flatMap((file) => file.assertionResults).filter((test) => !['passed', 'failed'].includes(test.status));

const names = new Set(skipped.map((test) => test.fullName));
const unlisted = [...names].filter((name) => !(name in listed));
const stale = Object.keys(listed).filter((name) => !names.has(name));
for (const name of names) console.log(`skipped: ${name}${name in listed ? ` (${listed[name]})` : ''}`);
for (const name of unlisted) console.error(`skipped, but not in ${listFile}: ${name}`);
for (const name of stale) console.error(`listed in ${listFile}, but not skipped: ${name}`);
console.log(`${report.numTotalTests} tests, ${names.size} skipped`);
process.exitCode = report.numTotalTests > 0 && unlisted.length === 0 && stale.length === 0 ? 0 : 1;
