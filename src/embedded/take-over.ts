/**
 * What may already be running on the cluster when a service starts, and what is done about it:
 *
 * - nothing: go on;
 * - the server of a service that is alive: refuse, this data directory is in use;
 * - the server of a service that was killed: stop it, so that the new one is a child of this service;
 * - no server, but lock files that name a process which is none: remove them.
 */
import { setTimeout as wait } from "node:timers/promises";
import { SpillwayError } from "../errors.ts";
import type { Layout } from "./layout.ts";
import { removeStaleLocks } from "./lock-files.ts";
import type { Log } from "./log.ts";
import { findPostmaster, type Postmaster } from "./postmaster-file.ts";
import { stillAlive } from "./processes.ts";
import { type LockAttempt, tryServiceLock } from "./service-lock.ts";

const POLL_MS = 50;
const STOP_ORPHAN_MS = 30_000;
/** How long a service that is starting or stopping may take before it counts as one that is using the data. */
const OWNER_MS = 60_000;
/** How long a server without a service is given to answer: it may be recovering, or have lost its socket. */
const SILENT_ORPHAN_MS = 5_000;

export function inUse(layout: Layout, pid: number | undefined): SpillwayError {
  const who = pid === undefined ? "another Spillway" : `another Spillway (pid ${pid})`;
  return new SpillwayError(
    "CONFIGURATION",
    `${who} is using the data directory ${layout.dataDir}: stop it, or set SPILLWAY_DATA_DIR to another folder`,
  );
}

/** Returns when no server runs on the cluster; says whether one that was left running has been stopped. */
export async function clearTheWay(
  layout: Layout,
  password: string,
  log: Log,
): Promise<{ readonly stoppedOrphan: boolean }> {
  const began = Date.now();
  let stoppedOrphan = false;
  for (;;) {
    const postmaster = await findPostmaster(layout.cluster);
    if (postmaster === undefined) {
      await refuseInvisibleServer(layout, password);
      const isFree = async () => (await findPostmaster(layout.cluster)) === undefined;
      for (const sentence of await removeStaleLocks(layout, isFree)) log.info(sentence);
      return { stoppedOrphan };
    }

    refuseNotOurs(postmaster, layout);
    const attempt = await tryServiceLock({ socketDir: postmaster.socketDir, password });
    const owner = await stillAlive(postmaster.owner);
    if (attempt.kind === "held") throw inUse(layout, owner ?? attempt.by);
    refuseWrongPassword(attempt, layout);
    if (owner === undefined && (attempt.kind === "got" || Date.now() - began > SILENT_ORPHAN_MS)) {
      log.info(
        { pid: postmaster.pid },
        `a Postgres (pid ${postmaster.pid}) was left running by a service that is gone: stopping it`,
      );
      await stopOrphan(postmaster, layout);
      stoppedOrphan = true;
      if (attempt.kind === "got") await attempt.lock.release();
      continue;
    }
    // The owner is alive without the lock: it is starting or stopping, and has the say until it is gone.
    if (attempt.kind === "got") await attempt.lock.release();
    if (Date.now() - began > OWNER_MS) throw inUse(layout, owner);
    await wait(POLL_MS);
  }
}

/**
 * In another container the same folder may be in use by a server whose process cannot be seen from here.
 * Its socket can be reached all the same, and nothing but a running server answers there.
 */
async function refuseInvisibleServer(layout: Layout, password: string): Promise<void> {
  const attempt = await tryServiceLock({ socketDir: layout.socketDir, password });
  if (attempt.kind === "held") throw inUse(layout, attempt.by);
  // The system's own refusal, because nobody listens there; anything else was said by a server.
  if (attempt.kind === "unreachable" && (attempt.error as NodeJS.ErrnoException).syscall === "connect")
    return;
  if (attempt.kind === "got") await attempt.lock.release();
  // It may have come up just now, as a process that the next look will see.
  if ((await findPostmaster(layout.cluster)) !== undefined) return;
  throw new SpillwayError(
    "CONFIGURATION",
    `a Postgres that is not visible here, in another container perhaps, answers at ${layout.socketDir}: stop ` +
      "it, or set SPILLWAY_DATA_DIR to another folder",
  );
}

/** A server without an owner was started by a person, to mend something: nothing of ours to stop. */
function refuseNotOurs(postmaster: Postmaster, layout: Layout): void {
  if (postmaster.owner !== "") return;
  throw new SpillwayError(
    "CONFIGURATION",
    `a Postgres that Spillway did not start (pid ${postmaster.pid}) runs on the cluster ${layout.cluster}: stop ` +
      "it, or set SPILLWAY_DATA_DIR to another folder",
  );
}

export function refuseWrongPassword(attempt: LockAttempt, layout: Layout): void {
  if (attempt.kind !== "unreachable" || (attempt.error as { code?: string }).code !== "28P01") return;
  throw new SpillwayError(
    "CONFIGURATION",
    `the password in ${layout.passwordFile} is not that of the cluster ${layout.cluster}: put back the file ` +
      "that belongs to the cluster",
    { cause: attempt.error },
  );
}

async function stopOrphan(postmaster: Postmaster, layout: Layout): Promise<void> {
  const gone = async () => (await findPostmaster(layout.cluster))?.pid !== postmaster.pid;
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    // Looked up again right before the signal: the id must not have passed to another process.
    if (await gone()) return;
    signalIfThere(postmaster.pid, signal);
    const deadline = Date.now() + STOP_ORPHAN_MS / 2;
    while (Date.now() < deadline) {
      if (await gone()) return;
      await wait(POLL_MS);
    }
  }
  throw new SpillwayError(
    "CONFIGURATION",
    `the Postgres of an earlier service (pid ${postmaster.pid}) on ${layout.dataDir} does not stop: end it by hand`,
  );
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
