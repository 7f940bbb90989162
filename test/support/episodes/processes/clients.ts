/** Connections to a server, and what became of each by the client's own clock. */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { ClientCounts, ClientOptions } from "../messages.ts";
import { options, paced, tellAndExit } from "./process.ts";

/** A SYN that was lost is sent again after a second, so who took nearly that long had lost one. */
const LATE_MS = 900;
/** How often those that are due by then are judged. */
const JUDGE_EVERY_MS = 50;
/** Between sending and aborting, so that the server has seen the data. */
const ABORT_MS = 5;

interface Attempt {
  readonly socket: Socket;
  readonly begunMs: number;
  state: "connecting" | "connected" | "failed" | "reset" | "over";
  /** Null until it is known, or told by the judge. */
  late: boolean | null;
}

const {
  port,
  count,
  perSecond,
  sends = 100,
  does,
  patienceMs = 3_000,
  address,
} = options<ClientOptions & { readonly address: string }>();
const attempts: Attempt[] = [];

function begin(): void {
  const socket = new Socket();
  const attempt: Attempt = { socket, begunMs: performance.now(), state: "connecting", late: null };
  attempts.push(attempt);
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
    if (sends > 0) socket.write(Buffer.alloc(sends, "x"));
    if (does === "close") socket.end();
    if (does === "abort") setTimeout(() => socket.resetAndDestroy(), ABORT_MS);
  });
  socket.on("data", () => {
    if (does === "request") socket.end();
  });
  socket.connect({ port, host: address });
}

function isOpen({ state }: Attempt): boolean {
  return state === "connecting" || state === "connected";
}

function isDue({ begunMs }: Attempt): boolean {
  return performance.now() - begunMs >= LATE_MS;
}

/** Late is, too, who is connected for itself alone: the server has acknowledged nothing. */
function judge(): void {
  const due = attempts.filter((one) => one.late === null && one.state === "connected" && isDue(one));
  if (due.length === 0) return;
  const unheard = unheardPorts();
  for (const attempt of due) attempt.late = unheard.has(attempt.socket.localPort ?? 0);
}

/** Local ports of connections of which nothing that was sent is acknowledged (/proc/net/tcp, tx_queue). */
function unheardPorts(): Set<number> {
  const ports = new Set<number>();
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const [, local = "", , , queues = ""] = line.trim().split(/\s+/);
    const unacknowledged = Number.parseInt(queues.split(":")[0] ?? "", 16);
    if (sends > 0 && unacknowledged >= sends) ports.add(Number.parseInt(local.split(":")[1] ?? "", 16));
  }
  return ports;
}

function counted(): ClientCounts {
  const of = (holds: (attempt: Attempt) => boolean) => attempts.filter(holds).length;
  return {
    attempted: attempts.length,
    late: of(({ late, state }) => late === true && state !== "reset"),
    unconnected: of(({ state }) => state === "connecting" || state === "failed"),
    reset: of(({ state }) => state === "reset"),
  };
}

setInterval(judge, JUDGE_EVERY_MS);
await paced(count, perSecond, begin);
const deadline = performance.now() + patienceMs;
while (performance.now() < deadline && attempts.some(isOpen)) await pause(20);
const counts = counted();
for (const { socket } of attempts) socket.destroy();
tellAndExit(counts);
