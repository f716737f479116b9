import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has had resident, in bytes, by the kernel's own account. Linux's `VmHWM` where it is: what getrusage calls
 * the maximum of a process begins there with that of the process which started it.
 */
export function peakMemory(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return 1024 * Number(kibibytes);
  } catch {
    // no Linux
  }
  return 1024 * process.resourceUsage().maxRSS;
}
