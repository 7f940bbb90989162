/**
 * HTTP to places that a configuration names: what keeps a receiver from reaching what is inside, from being kept
 * waiting and from being filled up.
 */
import dns from "node:dns/promises";
import { isIP } from "node:net";
import { Agent } from "undici";
import { type Allowed, isNamed, isPublic } from "./address-guard.ts";

export interface SafeRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** Null for none. */
  readonly body: string | null;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface SafeAnswer {
  /** A redirect is an answer like another: it is never followed. */
  readonly status: number;
  /** Names in lower case; of one that comes several times, all values with commas between. */
  readonly headers: Readonly<Record<string, string>>;
  /** As text, cut after 64 KiB. */
  readonly body: string;
}

/** Why nobody answered. Its message is for people: what was asked, and why nothing came. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** Whether trying again can help: not for an address that is not allowed. */
  readonly retry: boolean;

  constructor(message: string, retry: boolean, options: { cause?: unknown } = {}) {
    super(message, options);
    this.retry = retry;
  }
}

export interface SafeHttp {
  /**
   * Makes one request, on a connection of its own.
   *
   * @throws NoAnswer and nothing else
   */
  request(request: SafeRequest): Promise<SafeAnswer>;

  /**
   * The address that a name stands for now and may be connected to, for what is not spoken by HTTP (SMTP). Connect to
   * it, and not to the name, which may stand for another one a moment later.
   *
   * @param host a name, or an address itself
   * @throws NoAnswer when there is none, or it is not allowed
   */
  addressOf(host: string): Promise<string>;
}

/** All of a delivery, where a receiver is not given less: what Standard Webhooks asks for at the least. */
export const TIMEOUT_MS = 15_000;
const BODY_BYTES = 64 * 1024;

type Lookup = (host: string) => Promise<readonly string[]>;

export interface SafeHttpOptions {
  readonly allowed: Allowed;
  /** All of a request, from the look-up of the name to the last byte of the answer. */
  readonly timeoutMs?: number;
  /** All addresses that a name stands for; the system's resolver by default. */
  readonly lookup?: Lookup;
}

/** HTTP that connects to the address that it has checked, for each request anew. */
export function safeHttp({
  allowed,
  timeoutMs = TIMEOUT_MS,
  lookup = systemLookup,
}: SafeHttpOptions): SafeHttp {
  const checkedAddress = async (host: string, signal: AbortSignal): Promise<string> => {
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    const looking = lookup(bare).catch((error: Error) => {
      throw new NoAnswer(`the name ${bare} is not found: ${error.message}`, true, { cause: error });
    });
    const addresses = await aborted(looking, signal);
    const [first] = addresses;
    if (first === undefined) throw new NoAnswer(`the name ${bare} has no address`, true);
    // All of them: a name that stands for one inside and one outside is not to be trusted with either.
    const refused = addresses.find((address) => !isPublic(address) && !isNamed(bare, address, allowed));
    if (refused !== undefined) {
      throw new NoAnswer(
        `${bare} has the address ${refused}, which is not public: name it under allow_private in receivers.yml if it is meant`,
        false,
      );
    }
    return first;
  };

  return {
    addressOf: async (host) => {
      const late = AbortSignal.timeout(timeoutMs);
      try {
        return await checkedAddress(host, late);
      } catch (error) {
        throw toNoAnswer(error, host, late.aborted ? timeoutMs : null);
      }
    },
    request: async ({ url, method, headers, body, signal }) => {
      const target = targetOf(url);
      const late = AbortSignal.timeout(timeoutMs);
      const ended = AbortSignal.any([signal, late]);
      let agent: Agent | null = null;
      try {
        const address = await checkedAddress(target.hostname, ended);
        const bare = target.hostname.replace(/^\[(.*)\]$/, "$1");
        if (target.protocol === "http:" && !allowed.http && !isNamed(bare, address, allowed)) {
          throw new NoAnswer(
            `${target.host} is not https: set allow_http in receivers.yml if all may read it`,
            false,
          );
        }
        agent = pinned(address, timeoutMs);
        const answer = await agent.request({
          origin: target.origin,
          path: `${target.pathname}${target.search}`,
          method,
          headers: { "user-agent": "Spillway", ...headers },
          body,
          signal: ended,
        });
        return {
          status: answer.statusCode,
          headers: plain(answer.headers),
          body: await beginningOf(answer.body),
        };
      } catch (error) {
        throw toNoAnswer(error, target.host, late.aborted ? timeoutMs : null);
      } finally {
        // Its connection too, and what of the answer was not read.
        await agent?.destroy();
      }
    },
  };
}

async function systemLookup(host: string): Promise<string[]> {
  return (await dns.lookup(host, { all: true })).map(({ address }) => address);
}

function targetOf(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target === null || (target.protocol !== "https:" && target.protocol !== "http:")) {
    throw new NoAnswer("its address is not an https URL", false);
  }
  return target;
}

/** Connects to one address, whatever name is asked for; the certificate is still that of the name. */
function pinned(address: string, timeoutMs: number): Agent {
  const family = isIP(address);
  return new Agent({
    connections: 1,
    pipelining: 0,
    connect: {
      timeout: timeoutMs,
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [{ address, family }]);
        else callback(null, address, family);
      },
    },
  });
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES).toString("utf8");
}

function plain(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

function toNoAnswer(error: unknown, host: string, lateAfterMs: number | null): NoAnswer {
  if (error instanceof NoAnswer) return error;
  if (lateAfterMs !== null) {
    return new NoAnswer(`${host} has not answered within ${lateAfterMs / 1000} s`, true, { cause: error });
  }
  const { message, code } = error as Error & { readonly code?: string };
  return new NoAnswer(`${host} does not answer: ${message || (code ?? "the connection failed")}`, true, {
    cause: error,
  });
}

/** What a promise gives, unless the signal comes first. */
function aborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
