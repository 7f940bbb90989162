import { isIPv6 } from "node:net";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { SpillwayError } from "../errors.ts";
import type { BearerLimits } from "../ingest/bearer.ts";
import { type Actor, actorKey } from "../store/tokens.ts";

/** Requests a minute; 0 sets no limit. */
export interface RateLimitSettings {
  /** Of one token, session or person: GraphQL and REST. */
  readonly api: number;
  /** Of one token: pushes that one process takes. */
  readonly ingest: number;
  /** Of one address without a good token. */
  readonly stranger: number;
  /** Of one address: tries to sign in. */
  readonly signIn: number;
}

const WINDOW_SECONDS = 60;

/**
 * How often one may come. Pushes are counted by each process for itself, because they are many; the rest is
 * counted for all processes together where there is a Redis, and by each for itself while it does not answer.
 */
export class RateLimits implements BearerLimits {
  readonly #api: Budget;
  readonly #ingest: Budget;
  readonly #stranger: Budget;
  readonly #signIn: Budget;

  constructor(settings: RateLimitSettings, redis: Redis | null) {
    this.#api = new Budget("api", settings.api, redis);
    this.#ingest = new Budget("ingest", settings.ingest, null);
    this.#stranger = new Budget("stranger", settings.stranger, redis);
    this.#signIn = new Budget("sign-in", settings.signIn, redis);
  }

  /** Counts a request of somebody known. */
  call(actor: Actor): Promise<void> {
    return this.#api.spend(actorKey(actor), () => `"${actor.name}" asks too often`);
  }

  push(tokenId: string): Promise<void> {
    return this.#ingest.spend(tokenId, () => "this token pushes too often");
  }

  mayGuess(address: string): Promise<void> {
    return this.#stranger.requireLeft(networkOf(address), () => tooMany(address));
  }

  stranger(address: string): Promise<void> {
    return this.#stranger.spend(networkOf(address), () => tooMany(address));
  }

  /** Counts a try to sign in. */
  signIn(address: string): Promise<void> {
    return this.#signIn.spend(networkOf(address), () => `too many tries to sign in come from ${address}`);
  }
}

function tooMany(address: string): string {
  return `too many requests without a good token come from ${address}`;
}

/** So many a minute for each key. */
class Budget {
  readonly #perMinute: number;
  readonly #limiter: RateLimiterMemory | RateLimiterRedis;

  constructor(name: string, perMinute: number, redis: Redis | null) {
    this.#perMinute = perMinute;
    const options = { keyPrefix: `spillway:limit:${name}`, points: perMinute, duration: WINDOW_SECONDS };
    const memory = new RateLimiterMemory(options);
    this.#limiter =
      redis === null
        ? memory
        : new RateLimiterRedis({
            ...options,
            storeClient: redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: memory,
            // Whoever is over the limit is told so without another question to Redis.
            inMemoryBlockOnConsumed: perMinute + 1,
          });
  }

  /** @throws RATE_LIMITED when nothing is left */
  async spend(key: string, fault: () => string): Promise<void> {
    if (this.#perMinute === 0) return;
    try {
      await this.#limiter.consume(key);
    } catch (thrown) {
      throw thrown instanceof RateLimiterRes ? limited(thrown, this.#perMinute, fault()) : thrown;
    }
  }

  /** @throws RATE_LIMITED when nothing is left; spends nothing */
  async requireLeft(key: string, fault: () => string): Promise<void> {
    if (this.#perMinute === 0) return;
    const state = await this.#limiter.get(key);
    if (state !== null && state.consumedPoints >= this.#perMinute) {
      throw limited(state, this.#perMinute, fault());
    }
  }
}

function limited({ msBeforeNext }: RateLimiterRes, perMinute: number, fault: string): SpillwayError {
  const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new SpillwayError(
    "RATE_LIMITED",
    `${fault}: ${perMinute} a minute are let through; try again in ${retryAfterSeconds} s`,
    { details: { retryAfterSeconds } },
  );
}

/** What is counted as one address: of IPv6 the first 64 bits, of which one customer has all the rest. */
export function networkOf(address: string): string {
  return isIPv6(address) ? firstGroups(address) : address;
}

/** The first four groups of an IPv6 address, written out. */
function firstGroups(address: string): string {
  const [head = "", tail] = address.split("::", 2);
  const before = head === "" ? [] : head.split(":");
  if (tail === undefined) return before.slice(0, 4).join(":");
  const after = tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end stands for two groups.
  const length = before.length + after.length + (tail.includes(".") ? 1 : 0);
  const zeros = Array.from({ length: Math.max(0, 8 - length) }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
