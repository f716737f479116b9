// Packs every package, checks the archives (publint, are-the-types-wrong), installs them with npm into an empty project
// outside the workspace, and runs there what the README shows.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'hookline-packages-'));
const run = (cwd, command, ...args) => {
  console.log(`$ ${command} ${args.join(' ')}`);
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: process.env });
};

/** The lines of the README's section on the command, as an installed package runs them; trainings are cut short. */
function commandsOfReadme() {
  const [, block] = /## The command\n\n```sh\n(.*?)```/s.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const lines = (block ?? '').split('\n').filter((line) => line.startsWith('npx --yes pnpm@10 hookline '));
  if (lines.length < 4) throw new Error('the README shows no commands any more');
  const few = '--steps 10 --evaluate-every 10';
  return lines.map((line) =>
    line
      .replace(/ +#.*$/, '')
      .replace(' --yes pnpm@10', '')
      .replace(/(hookline pretrain .*)/, `$1 ${few}`),
  );
}

try {
  const archives = join(work, 'archives');
  mkdirSync(archives);
  const packages = readdirSync(join(root, 'packages'));
  for (const name of packages) run(join(root, 'packages', name), 'npx', '--yes', 'pnpm@10', 'pack', '--pack-destination', archives);
  const files = readdirSync(archives).map((file) => join(archives, file));
  if (files.length !== packages.length) throw new Error(`packed ${files.length} of ${packages.length} packages`);
  for (const file of files) {
    run(root, 'npx', 'publint', 'run', file, '--strict');
    run(root, 'npx', 'attw', file, '--profile', 'esm-only');
  }

  const project = join(work, 'project');
  mkdirSync(project);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'a-user', private: true, type: 'module' }));
  run(
    project,
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    ...files,
    `rxjs@${devDependencies.rxjs}`,
    `typescript@${devDependencies.typescript}`,
    `@types/node@${devDependencies['@types/node']}`,
  );

  cpSync(join(root, 'test', 'as-a-user'), project, { recursive: true });
  run(project, 'npx', 'tsc', '-p', '.');
  for (const file of readdirSync(join(project, 'dist')).filter((name) => name.endsWith('.js'))) run(project, 'node', join('dist', file));
  run(project, 'npx', 'hookline', '--help');
  run(project, 'npx', 'hookline', '--version');
  run(project, 'npx', 'hookline', 'pretrain', '--config', 'tiny.yaml', '--run', 'runs/tiny');
  run(project, 'npx', 'hookline', 'inspect', 'runs/tiny');
  for (const line of commandsOfReadme()) run(project, 'bash', '-c', line);
} finally {
  rmSync(work, { recursive: true, force: true });
}
