/**
 * The running server together with the lock on it, as one thing with one end.
 *
 * A crash of any one session makes Postgres restart all of them, ours too; the server itself lives, so the
 * lock is taken again. Only when that fails has the service lost its data directory.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { EmbeddedPostgresExit } from "./embedded-postgres.ts";
import type { Log } from "./log.ts";
import type { Server } from "./server.ts";
import { type Address, type ServiceLock, tryServiceLock } from "./service-lock.ts";

const RELOCK_MS = 60_000;
const POLL_MS = 100;

export interface Ownership {
  readonly exited: Promise<EmbeddedPostgresExit>;
  stop(graceMs?: number): Promise<void>;
}

export function own(server: Server, lock: ServiceLock, address: Address, log: Log): Ownership {
  let stopping = false;
  let current = lock;

  const lost = new Promise<EmbeddedPostgresExit>((resolve) => {
    const watch = (held: ServiceLock) => {
      current = held;
      void held.lost.then(() => {
        if (stopping || !server.isRunning()) return;
        void relock(server, address, log, () => stopping).then((again) => {
          if (typeof again !== "string") watch(again);
          else if (!stopping && server.isRunning()) resolve({ expected: false, message: again });
        });
      });
    };
    watch(lock);
  });
  const ended = server.ended.then(({ code, signal }): EmbeddedPostgresExit => {
    if (stopping) return { expected: true, message: "the embedded Postgres was stopped" };
    const last = server.lastLines().slice(-5).join("\n");
    return {
      expected: false,
      message: `the embedded Postgres ended with ${signal ?? `code ${code}`}\n${last}`,
    };
  });

  return {
    exited: Promise.race([ended, lost]),
    async stop(graceMs) {
      stopping = true;
      // The server ends the session of the lock with all others, so nobody finds the lock free before.
      await server.stop(graceMs);
      await current.release();
    },
  };
}

/** The lock, or the sentence that says why it is lost. */
async function relock(
  server: Server,
  address: Address,
  log: Log,
  isStopping: () => boolean,
): Promise<ServiceLock | string> {
  const deadline = Date.now() + RELOCK_MS;
  let last = "";
  while (Date.now() < deadline && server.isRunning() && !isStopping()) {
    const attempt = await tryServiceLock(address);
    if (attempt.kind === "got") {
      log.warn("the embedded Postgres has restarted its sessions; the service's lock is taken again");
      return attempt.lock;
    }
    if (attempt.kind === "held") last = `another Spillway (pid ${attempt.by ?? "unknown"}) holds it`;
    else last = attempt.error.message;
    await wait(POLL_MS);
  }
  return `the lock on the embedded Postgres is lost: ${last}`;
}
