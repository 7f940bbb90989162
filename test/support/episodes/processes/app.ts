/** A server: an application of the host, or one that it calls. */
import { createServer, type Socket } from "node:net";
import { options, tell } from "../../../../src/drill/processes/process.ts";
import type { AppOptions } from "../messages.ts";

/** By then the request has come, and lies in the kernel's buffer. */
const UNREAD_MS = 50;

const { port, backlog, does, blockMs = 0 } = options<AppOptions>();
const still = new Int32Array(new SharedArrayBuffer(4));

function serve(socket: Socket): void {
  socket.on("error", () => undefined);
  // The loop stands still, so the next connection is accepted that much later.
  if (blockMs > 0) Atomics.wait(still, 0, 0, blockMs);
  if (does === "reset") socket.resetAndDestroy();
  if (does === "unread") setTimeout(() => socket.destroy(), UNREAD_MS);
  else socket.resume();
  if (does === "reply") socket.once("data", () => socket.write("ok"));
}

createServer({ allowHalfOpen: does === "leak", pauseOnConnect: does === "unread" }, serve).listen(
  { host: "0.0.0.0", port, backlog },
  () => tell({ listening: port }),
);
