/** A TCP proxy between agents and the service, or the service and Postgres, and what a network does to them. */
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
  /** The port or the socket's path of what is behind it; null while nothing is. */
  target: number | string | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections made before are lost. */
  #generation = 0;

  constructor() {
    this.#server = createServer((client) => this.#connect(client));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every connection that there is, gone at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Every connection that there is: neither side hears of the other again, nor of that. New ones are as ever. */
  lose(): void {
    this.#generation++;
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
    if (typeof this.target === "string") service.connect(this.target);
    else service.connect(this.target, "127.0.0.1");
    const generation = this.#generation;
    const isLost = () => generation < this.#generation && !client.destroyed && !service.destroyed;
    void this.#pump(client, service, "request", isLost);
    void this.#pump(service, client, "answer", isLost);
  }

  async #pump(
    from: Socket,
    to: Socket,
    direction: "request" | "answer",
    isLost: () => boolean,
  ): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#delay(chunk.length, direction);
        while (isLost()) await pause(50);
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
