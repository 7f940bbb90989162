import { connect, type Socket } from "node:net";

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One connection that stays open, one request at a time: as little HTTP as servers ask for, since it is not what is measured. */
export class Connection {
  readonly #port: number;
  #socket: Socket | null = null;
  #waiting: Waiting | null = null;
  #received = "";

  constructor(port: number) {
    this.#port = port;
  }

  /** @param request head and body, written as they are */
  async send(request: Buffer): Promise<Answer> {
    const socket = this.#socket ?? (await this.#open());
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
      socket.once("connect", () => {
        this.#socket = socket;
        resolve(socket);
      });
      const lose = (error: Error) => {
        reject(error);
        // A socket that fails closes a moment later: whoever sends again meanwhile has a new one by then.
        if (this.#socket !== null && this.#socket !== socket) return;
        this.#socket = null;
        this.#received = "";
        this.#fail(error);
      };
      socket.on("error", lose);
      socket.on("close", () => lose(new Error("the server closed the connection")));
      socket.setEncoding("latin1");
      socket.on("data", (text: string) => {
        this.#received = this.#received === "" ? text : this.#received + text;
        this.#read();
      });
    });
  }

  #read(): void {
    const head = this.#received.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *([0-9]+)/i.exec(this.#received.slice(0, head + 2))?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return;
    const answer = {
      status: Number(this.#received.slice(9, 12)),
      body: this.#received.slice(head + 4, head + 4 + length),
    };
    this.#received = "";
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
