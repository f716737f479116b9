import { EventEmitter } from 'eventemitter3';
import type { Logger } from './services.js';
import type { News } from './trainer-types.js';

/** One-way news of a run. A listener that throws is logged and breaks nothing. */
export interface Bus {
  on<K extends keyof News>(kind: K, listener: (news: News[K]) => void): () => void;
  tell<K extends keyof News>(kind: K, news: News[K]): void;
  close(): void;
}

type Listeners = { [K in keyof News]: (news: News[K]) => void };

export function createBus(logger: Logger): Bus {
  const emitter = new EventEmitter<Listeners>();
  return {
    on(kind, listener) {
      // Wrapped one by one: an emitter would throw from `emit`, and the listeners after the one that threw would hear nothing.
      const safe = (news: News[typeof kind]): void => {
        try {
          listener(news);
        } catch (error) {
          logger.warn(`a listener of '${kind}' threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        }
      };
      emitter.on(kind, safe as never);
      return () => void emitter.off(kind, safe as never);
    },
    tell: (kind, news) => void emitter.emit(kind, ...([Object.freeze(news)] as never)),
    close: () => void emitter.removeAllListeners(),
  };
}
