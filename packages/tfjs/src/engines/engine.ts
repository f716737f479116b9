/** What a model computes with. The backend of tfjs-core is global: one engine is in use at a time, the one loaded last. */
export interface Engine {
  readonly name: EngineName;
  /** Version of the backend's package. */
  readonly version: string;
  /** What it computes on, e.g. `WebAssembly with SIMD, 1 thread`. */
  readonly device: string;
  /** Why this engine was chosen. */
  readonly reason: string;
}

export type EngineName = 'wasm' | 'cpu' | 'native';

export interface EngineOptions {
  /** Receives a line about the choice; silent by default. */
  readonly log?: ((line: string) => void) | undefined;
  /** Where the wasm binaries are: a folder's URL or path with a slash at its end. Needed in a browser, whose server must serve them; Node finds them itself. */
  readonly wasmPaths?: string | undefined;
}

/** What the loader of one engine answers. */
export type LoadedEngine = Omit<Engine, 'reason'>;
