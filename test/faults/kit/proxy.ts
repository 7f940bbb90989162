/** A TCP proxy between agents and the service, and what a network does to them. */
import { createServer, type Server, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/**
 * What happens to what passes: `pass` nothing; `refuse` no connection is taken; `hold` connections are taken and nothing
 * goes on, as over a link that is gone; `deaf` requests go on and answers do not; `slow` by bytes and by time.
 */
export type Weather =
  | { readonly kind: "pass" | "refuse" | "hold" | "deaf" }
  | { readonly kind: "slow"; readonly bytesPerSecond: number; readonly delayMs: number };

export class FaultProxy {
  weather: Weather = { kind: "pass" };
  /** The port of what is behind it; null while nothing is. */
  target: number | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((client) => this.#connect(client));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Every connection that there is, gone at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(client: Socket): void {
    if (this.weather.kind === "refuse" || this.target === null) {
      client.resetAndDestroy();
      return;
    }
    const service = new Socket();
    for (const socket of [client, service]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        service.destroy();
      });
    }
    service.connect(this.target, "127.0.0.1");
    void this.#pump(client, service, "request");
    void this.#pump(service, client, "answer");
  }

  async #pump(from: Socket, to: Socket, direction: "request" | "answer"): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#delay(chunk.length, direction);
        if (!to.write(chunk))
          await new Promise((resolve) => to.once("drain", resolve).once("close", resolve));
      }
      to.end();
    } catch {
      // Cut: both ends are closed by their handlers.
    }
  }

  /** Waits for as long as the weather says, looking at it again and again: it may clear up. */
  async #delay(bytes: number, direction: "request" | "answer"): Promise<void> {
    const holds = () =>
      this.weather.kind === "hold" || (this.weather.kind === "deaf" && direction === "answer");
    while (holds()) await pause(20);
    const { weather } = this;
    if (weather.kind === "slow") await pause(weather.delayMs + (bytes / weather.bytesPerSecond) * 1_000);
  }
}
