/** Whether the native backend's package was loaded, its name and version, and why not where it was not. */
export interface NativeImport {
  readonly loaded: boolean;
  readonly version: string;
  readonly why: string;
}

/** Outside Node there is no native engine. */
export const importNative = async (): Promise<NativeImport> => ({ loaded: false, version: '', why: 'it needs Node' });
