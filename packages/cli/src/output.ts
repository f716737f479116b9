/** Where a command writes; tests give their own. */
export interface Output {
  /** A line of results, on stdout. */
  readonly out: (line: string) => void;
  /** A line of progress or of an error, on stderr. */
  readonly err: (line: string) => void;
  /** Whether a person watches stdout: progress may then redraw its line. */
  readonly interactive: boolean;
}

export const processOutput: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  interactive: process.stdout.isTTY === true,
};

/** A value as one line of JSON; numbers that JSON has no word for become null. */
export const jsonLine = (value: unknown): string => JSON.stringify(value);
