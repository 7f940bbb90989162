import { readFileSync } from "node:fs";
import { Socket, type TcpNetConnectOpts } from "node:net";
import type { ClientCounts } from "./messages.ts";

/** A SYN that was lost is sent again after a second, so who took nearly that long had lost one. */
const LATE_MS = 900;
/** How often those that are due by then are judged. */
const JUDGE_EVERY_MS = 50;

interface Attempt {
  readonly socket: Socket;
  readonly begunMs: number;
  state: "connecting" | "connected" | "failed" | "reset" | "over";
  /** Null until it is known, or told by the judge. */
  late: boolean | null;
}

/** Connections that were begun, and what became of each by the client's own clock. */
export class Attempts {
  readonly #sends: number;
  readonly #all: Attempt[] = [];
  readonly #judging: NodeJS.Timeout;

  /** @param sends bytes that each sends once it is connected */
  constructor(sends: number) {
    this.#sends = sends;
    this.#judging = setInterval(() => this.#judge(), JUDGE_EVERY_MS);
  }

  get begun(): number {
    return this.#all.length;
  }

  /** Whether there is one of which nothing final is known. */
  get areOpen(): boolean {
    return this.#all.some(({ state }) => state === "connecting" || state === "connected");
  }

  /** @param behave what the client does once it is connected and has sent */
  begin(to: TcpNetConnectOpts, behave: (socket: Socket) => void): Socket {
    const socket = new Socket();
    const attempt: Attempt = { socket, begunMs: performance.now(), state: "connecting", late: null };
    this.#all.push(attempt);
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      // A port that is closed refuses; a reset is for who was connected, if only for a moment.
      attempt.state = attempt.state === "connecting" && code !== "ECONNRESET" ? "failed" : "reset";
    });
    socket.on("close", () => {
      if (attempt.state === "connected") attempt.state = "over";
    });
    socket.on("connect", () => {
      attempt.state = "connected";
      if (isDue(attempt)) attempt.late = true;
      if (this.#sends > 0) socket.write(Buffer.alloc(this.#sends, "x"));
      behave(socket);
    });
    return socket.connect(to);
  }

  /** Late is, too, who is connected for itself alone: the server has acknowledged nothing. */
  #judge(): void {
    const due = this.#all.filter((one) => one.late === null && one.state === "connected" && isDue(one));
    if (due.length === 0) return;
    const unheard = unheardPorts(this.#sends);
    for (const attempt of due) attempt.late = unheard.has(attempt.socket.localPort ?? 0);
  }

  counts(): ClientCounts {
    const decided = this.#all.filter(isDecided);
    const of = (holds: (attempt: Attempt) => boolean) => decided.filter(holds).length;
    return {
      attempted: decided.length,
      late: of(({ late, state }) => late === true && state !== "reset"),
      unconnected: of(({ state }) => state === "connecting" || state === "failed"),
      reset: of(({ state }) => state === "reset"),
    };
  }

  /** Gives up all that is open. */
  end(): void {
    clearInterval(this.#judging);
    for (const { socket } of this.#all) socket.destroy();
  }
}

function isDue({ begunMs }: Attempt): boolean {
  return performance.now() - begunMs >= LATE_MS;
}

function isDecided(attempt: Attempt): boolean {
  const isYoung = attempt.state === "connecting" || (attempt.state === "connected" && attempt.late === null);
  return !isYoung || isDue(attempt);
}

/** Local ports of connections of which nothing that was sent is acknowledged (/proc/net/tcp, tx_queue). */
function unheardPorts(sent: number): Set<number> {
  const ports = new Set<number>();
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const [, local = "", , , queues = ""] = line.trim().split(/\s+/);
    const unacknowledged = Number.parseInt(queues.split(":")[0] ?? "", 16);
    if (sent > 0 && unacknowledged >= sent) ports.add(Number.parseInt(local.split(":")[1] ?? "", 16));
  }
  return ports;
}
