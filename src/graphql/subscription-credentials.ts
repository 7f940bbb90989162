import { type ErrorCode, SpillwayError } from "../errors.ts";
import { Gate } from "../store/gate.ts";
import { type Actor, actorKey } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import { requireScope } from "./require-scope.ts";
import type { LiveSocket } from "./subscription-socket.ts";

/** A token or a session that a socket was opened with. */
export interface Credential {
  /** The same for the same token or session. A secret: never logged. */
  readonly key: string;
  /** Who comes with it, which counts; null when it does not hold. @throws FORBIDDEN for a page of another site; RATE_LIMITED */
  readonly actor: () => Promise<Actor | null>;
  /** Who holds it now, which counts for nobody; null when it holds no more. @throws FORBIDDEN as `actor` */
  readonly holder: () => Promise<Actor | null>;
}

/** A credential that was revoked closes its sockets after this at most, and the time that an answer is believed. */
const CHECK_MS = 1_000;
const CHECKS = 4;
const SOCKETS_PER_ACTOR = 100;

/** Answers that close sockets which are open. */
const OUT: ReadonlySet<ErrorCode> = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

interface Held {
  readonly credential: Credential;
  /** Whose it is, by `actorKey`: one may show several, and has no more sockets for it. */
  readonly who: string;
  readonly sockets: Set<LiveSocket>;
}

/** Who the open sockets belong to, asked again while they live. */
export class CredentialWatch {
  readonly #log: Logger;
  readonly #held = new Map<string, Held>();
  readonly #gate = new Gate(CHECKS);
  #timer: NodeJS.Timeout | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Lets a socket in.
   *
   * @throws UNAUTHENTICATED for a credential that does not hold, FORBIDDEN without the scope `read`, OVERLOADED
   *   when it has too many sockets
   */
  async admit(socket: LiveSocket, credential: Credential): Promise<Actor> {
    const actor = await credential.actor();
    if (actor === null) throw new SpillwayError("UNAUTHENTICATED", "no valid token or session");
    requireScope(actor, "read");
    const who = actorKey(actor);
    const held: Held = this.#held.get(credential.key) ?? { credential, who, sockets: new Set() };
    if (this.#socketsOf(who) >= SOCKETS_PER_ACTOR) {
      throw new SpillwayError(
        "OVERLOADED",
        `"${actor.name}" has ${SOCKETS_PER_ACTOR} sockets open: close some`,
      );
    }
    // It may have been closed meanwhile, and does not leave again.
    if (!socket.open) return actor;
    this.#held.set(credential.key, held);
    held.sockets.add(socket);
    this.#timer ??= setTimeout(() => void this.#check(), CHECK_MS);
    return actor;
  }

  left(socket: LiveSocket): void {
    for (const [key, { sockets }] of this.#held) {
      if (sockets.delete(socket) && sockets.size === 0) this.#held.delete(key);
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#held.clear();
  }

  #socketsOf(who: string): number {
    let count = 0;
    for (const held of this.#held.values()) if (held.who === who) count += held.sockets.size;
    return count;
  }

  async #check(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => this.#gate.run(() => this.#checkOne(held))));
    this.#timer = this.#held.size === 0 ? null : setTimeout(() => void this.#check(), CHECK_MS);
  }

  async #checkOne({ credential, sockets }: Held): Promise<void> {
    try {
      const actor = await credential.holder();
      if (actor === null) throw new SpillwayError("UNAUTHENTICATED", "the token or session holds no more");
      requireScope(actor, "read");
    } catch (error) {
      const isOut = error instanceof SpillwayError && OUT.has(error.code);
      if (isOut) for (const socket of [...sockets]) socket.fail(error);
      // Who cannot be asked about is not thrown out.
      else this.#log.warn({ err: error }, "cannot ask whether a subscriber's token still holds");
    }
  }
}
