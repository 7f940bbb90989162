import type { IncomingMessage } from "node:http";
import proxyAddr from "proxy-addr";
import type { Actor, Scope } from "../store/tokens.ts";

export interface ProxySettings {
  /** Addresses and CIDR ranges of the proxies before the service. */
  readonly trusted: readonly string[];
  /** In lower case: the header in which a trusted proxy names the person; null when none does. */
  readonly userHeader: string | null;
  /** What such a person may do. */
  readonly userScopes: readonly Scope[];
}

/** Printable, and without a comma: that is how Node joins two headers of one name, of which one may be smuggled in. */
const USER = /^[^\p{C},]{1,100}$/u;

/** What the proxies before the service say of a request. They are believed by the address of the socket alone. */
export class Proxies {
  readonly #settings: ProxySettings;
  readonly #isTrusted: (address: string, hop: number) => boolean;

  constructor(settings: ProxySettings) {
    this.#settings = settings;
    this.#isTrusted = settings.trusted.length === 0 ? () => false : proxyAddr.compile([...settings.trusted]);
  }

  /** Where a request comes from: the address that the outermost trusted proxy saw, else that of the socket. */
  addressOf(request: IncomingMessage): string {
    const address = proxyAddr(request, this.#isTrusted) ?? "";
    return address.replace(/^::ffff:(?=\d+\.)/i, "").slice(0, 50);
  }

  /** The person whom a trusted proxy names; null when none is named, or the socket is not a trusted proxy's. */
  userOf(request: IncomingMessage): Actor | null {
    const { userHeader, userScopes } = this.#settings;
    if (userHeader === null || !this.#isTrusted(request.socket.remoteAddress ?? "", 0)) return null;
    const value = request.headers[userHeader];
    if (typeof value !== "string") return null;
    // Header bytes reach us as Latin-1; names are sent as UTF-8.
    const name = Buffer.from(value, "latin1").toString("utf8").trim();
    return USER.test(name) ? { kind: "proxy", id: null, name, scopes: userScopes } : null;
  }
}
