const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration such as `90s`, `10m`, `1.5h` or `1h30m`; undefined for what is none, or no time at all. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)];
  const seconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * secondsOf[unit!]!, 0);
  return parts.map(([all]) => all).join('') === text && seconds > 0 ? seconds : undefined;
}
