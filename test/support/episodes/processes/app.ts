/** A server: an application of the host, or one that it calls. */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { options, tell } from "../../../../src/drill/processes/process.ts";
import type { AppOptions } from "../messages.ts";

/** How often an application that reads nothing looks whether something is there. */
const LOOK_MS = 10;

const { port, backlog, does, blockMs = 0 } = options<AppOptions>();
const still = new Int32Array(new SharedArrayBuffer(4));
/** Connections that are closed once their request lies in the kernel's buffer, by the client's port. */
const unread = new Map<number, Socket>();

function serve(socket: Socket): void {
  socket.on("error", () => undefined);
  // The loop stands still, so the next connection is accepted that much later.
  if (blockMs > 0) Atomics.wait(still, 0, 0, blockMs);
  if (does === "reset") socket.resetAndDestroy();
  if (does === "unread") unread.set(socket.remotePort ?? 0, socket);
  else socket.resume();
  if (does === "reply") socket.once("data", () => socket.write("ok"));
}

function closeUnread(): void {
  if (unread.size === 0) return;
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const [, , remote = "", , queues = ""] = line.trim().split(/\s+/);
    const client = Number.parseInt(remote.split(":")[1] ?? "", 16);
    if (Number.parseInt(queues.split(":")[1] ?? "", 16) === 0) continue;
    unread.get(client)?.destroy();
    unread.delete(client);
  }
}

if (does === "unread") setInterval(closeUnread, LOOK_MS);
createServer({ allowHalfOpen: does === "leak", pauseOnConnect: does === "unread" }, serve).listen(
  { host: "0.0.0.0", port, backlog },
  () => tell({ listening: port }),
);
