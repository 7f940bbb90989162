/** Something between a process and Postgres that a test can have stop at a statement, before it or after it. */
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fatal } from "./deaf-postgres.ts";

/** A statement on its way, and what was said before it in the transaction that it belongs to. */
export interface Passing {
  readonly sql: string;
  readonly before: readonly string[];
}

export interface Stop {
  /** Whether this is the statement. */
  readonly at: (passing: Passing) => boolean;
  /** `before`: Postgres never hears of it. `after`: Postgres has done it, and the process never hears of that. */
  readonly when: "before" | "after";
}

/** A message of Postgres: a letter, the length of what follows with itself, and that. */
const HEADER_BYTES = 5;
/** Done, and in no transaction. */
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

export class PostgresProxy {
  /** Where the process is to stop; null lets everything pass. */
  stop: Stop | null = null;
  /** Whether it has come there. */
  stopped = false;
  /** Whether those who come from now on are told that there are too many already, and how many were. */
  full = false;
  refused = 0;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param url of a database, on a Unix socket as `host` of its parameters has it */
  static async open(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#connect(client));
  }

  /** Of the same database. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    const url = new URL(this.#target);
    url.searchParams.delete("host");
    url.hostname = "127.0.0.1";
    url.port = String(address.port);
    return url.href;
  }

  /** Stops nothing any more, and forgets that it has. */
  clear(): void {
    this.stop = null;
    this.stopped = false;
  }

  /** Ends the connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(client: Socket): void {
    if (this.full) {
      client.on("error", () => undefined);
      client.once("data", () => client.end(fatal("53300", "sorry, too many clients already")));
      this.refused++;
      return;
    }
    const folder = this.#target.searchParams.get("host") ?? "";
    const postgres = createConnection(join(folder, `.s.PGSQL.${this.#target.port}`));
    for (const socket of [client, postgres]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        postgres.destroy();
      });
    }
    let passes: "all" | "requests" | "nothing" = "all";
    const statements = new Statements();
    client.on("data", (chunk: Buffer) => {
      for (const { message, passing } of statements.take(chunk)) {
        const { stop } = this;
        const looksOut = passes === "all" && !this.stopped && stop !== null;
        if (looksOut && passing !== null && stop.at(passing)) {
          passes = stop.when === "before" ? "nothing" : "requests";
          this.stopped = passes === "nothing";
        }
        if (passes !== "nothing") postgres.write(message);
      }
    });
    postgres.on("data", (chunk: Buffer) => {
      if (passes === "all") client.write(chunk);
      else if (chunk.subarray(-IDLE.length).equals(IDLE)) this.stopped = true;
    });
  }
}

/** The messages of one connection, and which of them are statements. */
class Statements {
  #rest = Buffer.alloc(0);
  #hasBegun = false;
  #before: string[] = [];

  *take(chunk: Buffer): Generator<{ readonly message: Buffer; readonly passing: Passing | null }> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      // The first has no letter.
      const letters = this.#hasBegun ? 1 : 0;
      if (this.#rest.length < letters + 4) return;
      const length = letters + this.#rest.readInt32BE(letters);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      const sql = this.#hasBegun ? sqlOf(message) : null;
      this.#hasBegun = true;
      yield { message, passing: sql === null ? null : this.#pass(sql) };
    }
  }

  #pass(sql: string): Passing {
    const before = this.#before;
    this.#before = /^BEGIN/i.test(sql) ? [] : [...before, sql];
    if (/^(COMMIT|ROLLBACK)/i.test(sql)) this.#before = [];
    return { sql, before };
  }
}

/** The text of a query, simple or to be prepared; null for other messages. */
function sqlOf(message: Buffer): string | null {
  const letter = String.fromCharCode(message[0] ?? 0);
  const body = message.subarray(HEADER_BYTES).toString("utf8");
  if (letter === "Q") return body.split("\0")[0] ?? "";
  return letter === "P" ? (body.split("\0")[1] ?? "") : null;
}
