import { localUrl, remoteUrl } from "../commands/addresses.ts";
import type { Config } from "../config.ts";
import type { TlsIdentity } from "../http/tls.ts";

/** Where the service is reached: by its own machine, by others, and by whoever follows a link. */
export class Addresses {
  readonly #config: Pick<Config, "listen" | "port" | "publicUrl">;
  readonly #tls: TlsIdentity | null;
  /** That which is listened on, once it is; a port of 0 takes a free one. */
  port: number;

  constructor(config: Pick<Config, "listen" | "port" | "publicUrl">, tls: TlsIdentity | null) {
    this.#config = config;
    this.#tls = tls;
    this.port = config.port;
  }

  /** For clients on this machine. */
  readonly local = (): string => localUrl(this.#config.listen, this.port, this.#tls);

  /** For other machines; null while only this one reaches it. */
  readonly remote = (): string | null =>
    this.#config.publicUrl ?? remoteUrl(this.#config.listen, this.port, this.#tls);

  /** For links that are followed from elsewhere: what people call it by, or what this machine does. */
  readonly public = (): string => this.#config.publicUrl ?? this.local();
}
