/** Whether the native backend's package was loaded, its name and version, and why not where it was not. */
export interface NativeImport {
  readonly loaded: boolean;
  readonly version: string;
  readonly why: string;
  /** The command that installs it, where it is not installed and could be. */
  readonly install?: string;
}

/** Outside Node there is no native engine. */
export const importNative = async (): Promise<NativeImport> => ({ loaded: false, version: '', why: 'it needs Node' });
