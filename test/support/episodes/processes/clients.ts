/** Connections to a server, and what became of each by the client's own clock. */
import { setTimeout as pause } from "node:timers/promises";
import { Attempts } from "../../../../src/drill/attempts.ts";
import { options, tellAndExit } from "../../../../src/drill/processes/process.ts";
import type { ClientOptions } from "../messages.ts";
import { paced } from "../paced.ts";

/** Between sending and aborting, so that the server has seen the data. */
const ABORT_MS = 5;

const {
  port,
  count,
  perSecond,
  sends = 100,
  does,
  patienceMs = 3_000,
  address,
} = options<ClientOptions & { readonly address: string }>();
const attempts = new Attempts(sends);

await paced(count, perSecond, () =>
  attempts.begin({ port, host: address }, (socket) => {
    if (does === "close") socket.end();
    if (does === "abort") setTimeout(() => socket.resetAndDestroy(), ABORT_MS);
    if (does === "request") socket.on("data", () => socket.end());
  }),
);
const deadline = performance.now() + patienceMs;
while (performance.now() < deadline && attempts.areOpen) await pause(20);
const counts = attempts.counts();
attempts.end();
tellAndExit(counts);
