/** Processor seconds of this process so far, over all its threads: what other programs do does not lengthen them. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
