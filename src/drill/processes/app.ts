/** The application that a drill is about: it accepts, reads a request, replies, and lets its client close. */
import { type AddressInfo, createServer } from "node:net";
import type { AppOptions, FromApp, ToApp } from "../messages.ts";
import { options, tell } from "./process.ts";

/** How often one that stands still looks whether the drill is still there. */
const LOOK_MS = 200;

// The name that the agent sees it by.
process.title = "drill-app";
const { address, port, backlog, blockMs } = options<
  AppOptions & { readonly address: string; readonly port: number }
>();
const starter = process.ppid;
const still = new Int32Array(new SharedArrayBuffer(4));

const server = createServer((socket) => {
  socket.on("error", () => undefined);
  // The loop stands still, so the next connection is accepted that much later.
  if (blockMs > 0) Atomics.wait(still, 0, 0, blockMs);
  socket.resume();
  socket.once("data", () => socket.write("ok"));
});
server.listen({ host: address, port, backlog }, () => {
  const message: FromApp = { kind: "listening", port: (server.address() as AddressInfo).port };
  tell(message);
});

/**
 * It stands still by itself and not by SIGSTOP: a stopped process would not learn that the drill is gone, and stay.
 * What the kernel sees is the same: nothing is accepted.
 */
process.on("message", ({ kind }: ToApp) => {
  if (kind !== "stall") return;
  while (process.ppid === starter) Atomics.wait(still, 0, 0, LOOK_MS);
  process.exit();
});
