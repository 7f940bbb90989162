import type { PrismaClient } from "./client.ts";
import { actorOfSession, findSession } from "./sessions.ts";
import { noteUse } from "./token-uses.ts";
import { type Actor, actorOfToken, findToken, type TokenActor } from "./tokens.ts";

/** How long an answer is believed without asking again: a revoked token holds no longer than this. */
const BELIEVED_MS = 500;
/** Of the secrets that let somebody in, and of those that did not. */
const REMEMBERED = 10_000;

export interface ActorsOptions {
  readonly db: PrismaClient;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told when the last use of a token could not be written. */
  readonly onError: (error: unknown) => void;
}

/** Who holds a token or a session, asked of the database at most twice a second for each. */
export class Actors {
  readonly #options: ActorsOptions;
  readonly #tokens = new Answers<TokenActor>();
  readonly #sessions = new Answers<Actor>();

  constructor(options: ActorsOptions) {
    this.#options = options;
  }

  /** The holder of a token; null when it is unknown, revoked or expired. */
  ofToken(secret: string): Promise<TokenActor | null> {
    const { db, now, onError } = this.#options;
    return this.#tokens.ask(secret, now(), async (at) => {
      const token = await findToken(db, secret, at);
      if (token === null) return null;
      noteUse(db, token, at, onError);
      return actorOfToken(token);
    });
  }

  /** The holder of a session; null when there is none. */
  ofSession(secret: string): Promise<Actor | null> {
    const { db, now, onError } = this.#options;
    return this.#sessions.ask(secret, now(), async (at) => {
      const session = await findSession(db, secret, at);
      if (session === null) return null;
      if (session.token !== null) noteUse(db, session.token, at, onError);
      return actorOfSession(session);
    });
  }

  /** Whether a secret let somebody in when it was last looked up here: then a look-up is no stranger's. */
  remembers(secret: string): boolean {
    return this.#tokens.remembers(secret) || this.#sessions.remembers(secret);
  }
}

interface Answer<T> {
  readonly at: number;
  readonly actor: Promise<T | null>;
}

/** Answers by secret. Those that let nobody in are apart, so that what strangers send crowds nobody out. */
class Answers<T> {
  readonly #good = new Map<string, Answer<T>>();
  readonly #other = new Map<string, Answer<T>>();

  remembers(secret: string): boolean {
    return this.#good.has(secret);
  }

  ask(secret: string, now: number, look: (now: number) => Promise<T | null>): Promise<T | null> {
    const known = this.#good.get(secret) ?? this.#other.get(secret);
    if (known !== undefined && Math.abs(now - known.at) < BELIEVED_MS) return known.actor;
    const answer = { at: now, actor: look(now) };
    if (this.#good.has(secret)) this.#good.set(secret, answer);
    else keep(this.#other, secret, answer);
    answer.actor.then(
      (actor) => this.#settle(secret, answer, actor),
      // Asked anew next time; whoever waits is told why.
      () => this.#expire(secret, answer),
    );
    return answer.actor;
  }

  #settle(secret: string, answer: Answer<T>, actor: T | null): void {
    if (this.#answerOf(secret) !== answer) return;
    this.#good.delete(secret);
    this.#other.delete(secret);
    keep(actor === null ? this.#other : this.#good, secret, answer);
  }

  #expire(secret: string, answer: Answer<T>): void {
    if (this.#good.get(secret) === answer) {
      this.#good.set(secret, { ...answer, at: Number.NEGATIVE_INFINITY });
    } else if (this.#other.get(secret) === answer) this.#other.delete(secret);
  }

  #answerOf(secret: string): Answer<T> | undefined {
    return this.#good.get(secret) ?? this.#other.get(secret);
  }
}

/** Bounded, because the key is whatever somebody sends: the one that was kept first goes first. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value ?? "");
}
