/**
 * HTTP to places that a configuration names: what keeps a receiver from reaching what is inside, from being kept
 * waiting and from being filled up.
 */

export interface SafeRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** Null for none. */
  readonly body: string | null;
  /** All of it, from the look-up of the name to the last byte of the answer; 15 s when it is left out. */
  readonly timeoutMs?: number;
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
