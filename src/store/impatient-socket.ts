import { Socket } from "node:net";

export interface Patience {
  /** How long what was sent may be without an answer, in ms: more than a statement may take. */
  readonly answerMs: number;
  /** How long nothing may be sent or heard at all, in ms: more than a connection that is alive is ever idle. */
  readonly silentMs: number;
}

/**
 * A socket that gives up a connection of which nothing is heard any more.
 *
 * The server's own timeouts are of no use when its answers are lost on the way: whoever waits for one waits as long as
 * the kernel keeps the connection, for hours, and holds its place in the pool. A TLS connection over it is given up by
 * silence alone, for what that sends and hears does not come by here.
 */
export class ImpatientSocket extends Socket {
  readonly #answerMs: number;
  #unanswered: NodeJS.Timeout | undefined;

  constructor({ answerMs, silentMs }: Patience) {
    super();
    this.#answerMs = answerMs;
    this.setTimeout(silentMs, () => this.#giveUp(silentMs));
    this.once("close", () => this.#answered());
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#asked();
    super._write(chunk, encoding, callback);
  }

  override _writev(
    chunks: { chunk: unknown; encoding: BufferEncoding }[],
    callback: (error?: Error | null) => void,
  ): void {
    this.#asked();
    super._writev?.(chunks, callback);
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    this.#answered();
    return super.push(chunk, encoding);
  }

  /** What is sent meanwhile, a ROLLBACK say, buys no more time. */
  #asked(): void {
    this.#unanswered ??= setTimeout(() => this.#giveUp(this.#answerMs), this.#answerMs).unref();
  }

  #answered(): void {
    clearTimeout(this.#unanswered);
    this.#unanswered = undefined;
  }

  #giveUp(ms: number): void {
    this.destroy(new Error(`Connection terminated: nothing was heard of Postgres for ${ms / 1000} s`));
  }
}
