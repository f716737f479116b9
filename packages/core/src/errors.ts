/**
 * Every failure that a user can cause or mend is a `HooklineError`: a stable code, a sentence that says what and where,
 * and what to do about it. The codes are listed in docs/errors.md.
 */
export class HooklineError extends Error {
  override readonly name: string = 'HooklineError';
  /** Stable, listed in docs/errors.md, e.g. `HOOKLINE_PLUGIN_CONFLICT`. */
  readonly code: string;
  /** How to mend it; empty where the sentence says so already. */
  readonly hint: string;

  constructor(code: `HOOKLINE_${string}`, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(options.hint ? `${message}; ${options.hint}` : message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? '';
  }
}

/** What a plugin's pipeline did wrong with an event. */
export type HookFault =
  /** No answer, or none in time. */
  | 'none'
  /** More than one answer. */
  | 'several'
  | 'threw'
  /** An event that was not asked for: a second answer, or one after its step had gone on. */
  | 'late'
  /** Ended its pipeline. */
  | 'completed'
  /** An answer that is no event, or belongs to another one; or a hook that is no operator. */
  | 'foreign'
  /** An answer with an unknown, missing, read-only or unusable field. */
  | 'invalid'
  /** Caused an event of its own hook while it was answering one. */
  | 'reentrant';

/** A plugin broke the rule of its hook: exactly one valid answer for each event. Names plugin, hook and step. */
export class HookError extends HooklineError {
  override readonly name = 'HookError';

  constructor(
    readonly plugin: string,
    readonly hook: 'onStep' | 'onEval' | 'onForwardBlock',
    readonly step: number,
    readonly fault: HookFault,
    detail: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super('HOOKLINE_HOOK', `plugin '${plugin}', ${hook}, step ${step}: ${detail}`, options);
  }
}
