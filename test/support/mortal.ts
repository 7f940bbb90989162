/** Workers that die at a chosen point, as those that are killed do: nothing that comes after it happens. */
import type { PrismaClient } from "../../src/store/client.ts";

/**
 * The points at which a worker may die: before each statement that changes something, before and after each commit,
 * around each sending. One that dies before a statement that only reads leaves what it leaves before the next change.
 */
export class Death {
  readonly #at: number;
  #points = 0;

  /** @param at counts points from 0 */
  constructor(at: number) {
    this.#at = at;
  }

  get hasCome(): boolean {
    return this.#points > this.#at;
  }

  /** One more point. @throws from the one on at which it dies */
  point(): void {
    if (!this.hasCome) this.#points++;
    this.survived();
  }

  /** @throws once it is dead */
  survived(): void {
    if (this.hasCome) throw new Error("this worker was killed");
  }
}

type Method = (...parameters: unknown[]) => unknown;
type Work = (tx: object) => Promise<unknown>;

/** A client whose changes are points. What is not committed when it dies is rolled back. */
export function mortal<T extends PrismaClient>(db: T, death: Death): T {
  return proxied(db, (name, call) => {
    if (name !== "$transaction") return dying(death, name, call);
    return async (work, options) => {
      const done = await call(async (tx: object) => {
        const result = await (work as Work)(
          proxied(tx, (method, statement) => dying(death, method, statement)),
        );
        death.point();
        return result;
      }, options);
      death.point();
      return done;
    };
  });
}

function dying(death: Death, name: PropertyKey, call: Method): Method {
  return async (...parameters) => {
    const [text] = parameters;
    const isChange =
      name === "$queryRaw"
        ? CHANGES.test(String(text))
        : /^(create|update|upsert|delete|\$execute)/.test(String(name));
    if (isChange) death.point();
    else death.survived();
    return call(...parameters);
  };
}

const CHANGES = /\b(INSERT|UPDATE|DELETE)\b/;

/** The same with its methods, and those of its models, replaced. */
function proxied<T extends object>(target: T, replace: (name: PropertyKey, call: Method) => Method): T {
  return new Proxy(target, {
    get(own, name) {
      const value: unknown = Reflect.get(own, name);
      if (typeof value === "function") return replace(name, value.bind(own) as Method);
      return value !== null && typeof value === "object" ? proxied(value, replace) : value;
    },
  });
}
