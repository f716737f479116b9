import { HooklineError } from '@hookline/core';
import { failedWhileRunning } from '@hookline/lab';
import { CommanderError } from 'commander';

/** Exit codes: the contract of the installed binary. */
export const exitCodes = { done: 0, failed: 1, input: 2, interrupted: 130 } as const;

/** A run that a signal ended, after its checkpoint. */
export class Interrupted extends Error {}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

/** Commander's `error: … (Did you mean x?)` in the form of the other errors. */
function usageSentence(error: CommanderError): string {
  const sentence = oneLine(error.message)
    .replace(/^error: /, '')
    .replace(/\.?\s*\(Did you mean (.+?)\?\)$/, "; did you mean '$1'?");
  return sentence.includes('; did you mean') ? sentence : `${sentence.replace(/\.$/, '')}; see --help`;
}

/** What a system call's failure means for a user; undefined for what is no such failure. */
function systemSentence(error: unknown): string | undefined {
  const { code, path } = (error ?? {}) as { readonly code?: unknown; readonly path?: unknown };
  const where = typeof path === 'string' ? `: ${path}` : '';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `[HOOKLINE_DISK_FULL] there is no room left on the disk${where}; free some and run again, with --resume to go on from the last checkpoint`;
    case 'EFBIG':
      return `[HOOKLINE_DISK_FULL] the file is larger than this system lets it be${where}; raise the limit (ulimit -f) and run again, with --resume to go on`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `[HOOKLINE_PERMISSION] not allowed to use ${where.slice(2) || 'a file'}; choose another place, or change its permissions`;
    default:
      return undefined;
  }
}

/** The one line that a failure shows, without the leading `hookline: `. */
export function failureLine(error: unknown): string {
  if (error instanceof CommanderError) return `[HOOKLINE_USAGE] ${usageSentence(error)}`;
  if (error instanceof Interrupted) return `[HOOKLINE_INTERRUPTED] ${error.message}`;
  const system = systemSentence(error) ?? systemSentence((error as { readonly cause?: unknown } | undefined)?.cause);
  if (error instanceof HooklineError) return `[${error.code}] ${oneLine(error.message)}`;
  if (system) return system;
  return `[HOOKLINE_INTERNAL] ${oneLine(error instanceof Error ? error.message : String(error))}; set HOOKLINE_DEBUG=1 to see where`;
}

/**
 * The exit code of a failure: 2 for usage and for errors found before training began, which input can mend; 1 for what failed while running.
 * Commander's own endings (help, version) are done.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.input;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof HooklineError && !failedWhileRunning(error)) return exitCodes.input;
  return exitCodes.failed;
}
