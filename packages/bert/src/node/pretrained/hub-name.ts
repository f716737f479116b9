/** A model on Hugging Face's hub. */
export interface HubName {
  /** `owner/name`, or `name` alone for some old ones. */
  readonly name: string;
  /** A branch, a tag or a commit; default `main`. */
  readonly revision: string;
}

/** Takes `owner/name` and `owner/name@revision` apart; undefined for what cannot be a name on the hub. */
export function parseHubName(text: string): HubName | undefined {
  const found = /^((?:[A-Za-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$/.exec(text);
  if (!found || /\.\.|--|\.git$/.test(found[1]!) || found[2]?.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined;
  return { name: found[1]!, revision: found[2] ?? 'main' };
}
