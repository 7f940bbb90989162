import type { Db } from "./client.ts";
import { actorOfSession } from "./sessions.ts";
import { type Actor, actorOfToken } from "./tokens.ts";

/** How long an answer is believed without asking again: a revoked token holds no longer than this. */
const BELIEVED_MS = 500;
const REMEMBERED = 10_000;

interface Answer {
  readonly at: number;
  readonly actor: Promise<Actor | null>;
}

/** Who holds a token or a session, asked of the database at most twice a second for each. */
export class Actors {
  readonly #db: Db;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();

  constructor(db: Db, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** The holder of a token; null when it is unknown, revoked or expired. */
  ofToken(secret: string): Promise<Actor | null> {
    return this.#ask(`token ${secret}`, (now) => actorOfToken(this.#db, secret, now));
  }

  /** The holder of a session; null when there is none. */
  ofSession(secret: string): Promise<Actor | null> {
    return this.#ask(`session ${secret}`, (now) => actorOfSession(this.#db, secret, now));
  }

  #ask(key: string, look: (now: number) => Promise<Actor | null>): Promise<Actor | null> {
    const now = this.#now();
    const known = this.#answers.get(key);
    if (known !== undefined && Math.abs(now - known.at) < BELIEVED_MS) return known.actor;
    // Bounded, because the key is whatever a stranger sends.
    if (this.#answers.size >= REMEMBERED) this.#answers.clear();
    const actor = look(now);
    this.#answers.set(key, { at: now, actor });
    actor.catch(() => this.#answers.delete(key));
    return actor;
  }
}
