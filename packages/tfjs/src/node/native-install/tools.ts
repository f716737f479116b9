import { HooklineError } from '@hookline/core';
import { runCommand } from './run-command.js';

/** A program and the arguments that always come first. */
export type Tool = readonly [command: string, ...args: string[]];

/** The programs that an installation calls. */
export interface Tools {
  readonly pip: Tool;
  readonly npm: Tool;
  readonly tar: Tool;
  readonly compiler: Tool;
}

const wanted: Readonly<Record<keyof Tools, { readonly called: string; readonly candidates: readonly Tool[] }>> = {
  compiler: { called: 'a C++ compiler (g++)', candidates: [['g++'], ['c++'], ['clang++']] },
  pip: {
    called: "Python's pip (it only downloads)",
    candidates: [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']],
  },
  npm: { called: 'npm (it comes with Node)', candidates: [['npm']] },
  tar: { called: 'tar', candidates: [['tar']] },
};

const works = async ([command, ...args]: Tool, environment: NodeJS.ProcessEnv): Promise<boolean> =>
  (await runCommand(command, [...args, '--version'], { environment })).code === 0;

/**
 * Finds the programs that build the native engine. `CXX` names another compiler.
 * Errors: HOOKLINE_TOOL_MISSING, which names all that are missing and how to get them.
 */
export async function findTools(environment: NodeJS.ProcessEnv = process.env): Promise<Tools> {
  const found: Partial<Record<keyof Tools, Tool>> = {};
  const missing: string[] = [];
  const own = environment['CXX']?.trim().split(/\s+/);
  for (const name of Object.keys(wanted) as (keyof Tools)[]) {
    const { called, candidates } = wanted[name];
    const all = name === 'compiler' && own?.[0] ? [own as unknown as Tool, ...candidates] : candidates;
    for (const tool of all) {
      if (found[name] === undefined && (await works(tool, environment))) found[name] = tool;
    }
    if (found[name] === undefined) missing.push(called);
  }
  if (missing.length > 0) {
    throw new HooklineError(
      'HOOKLINE_TOOL_MISSING',
      `the native engine cannot be built here: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`,
      {
        hint: 'install with `sudo apt-get install g++ python3-pip tar` (Debian, Ubuntu) or `sudo dnf install gcc-c++ python3-pip tar` (Fedora), then run this again',
      },
    );
  }
  return found as Tools;
}
