import { Listening } from "../store/notifications.ts";
import type { Logger } from "../telemetry/log.ts";
import { decodeEvent, type LiveEvent, type LiveKind } from "./events.ts";

type EventOf<K extends LiveKind> = Extract<LiveEvent, { kind: K }>;

interface Listener {
  readonly kind: LiveKind;
  /** Null when events may have been missed. */
  readonly heard: (event: LiveEvent | null) => void;
}

/** What processes say of changes, as one that serves hears it. */
export class LiveBus {
  readonly #listening: Listening;
  readonly #listeners = new Set<Listener>();

  /** @param url of the database; one connection to it is kept */
  constructor(url: string, log: Logger) {
    this.#listening = new Listening({
      url,
      onPayload: (payload) => {
        const event = decodeEvent(payload);
        if (event !== null) this.#tell(event.kind, event);
      },
      onListening: () => this.#tell(null, null),
      onError: (error) =>
        log.warn({ err: error }, "live events are not heard; the connection is opened anew"),
    });
  }

  /**
   * Calls `heard` with each event of a kind, and with null when some may have been missed.
   *
   * @returns a function that ends it
   */
  on<K extends LiveKind>(kind: K, heard: (event: EventOf<K> | null) => void): () => void {
    const listener: Listener = { kind, heard: heard as Listener["heard"] };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return this.#listening.close();
  }

  #tell(kind: LiveKind | null, event: LiveEvent | null): void {
    for (const listener of [...this.#listeners]) {
      if (kind === null || listener.kind === kind) listener.heard(event);
    }
  }
}
