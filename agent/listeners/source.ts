import { endianness } from "node:os";
import { createCgroupPaths } from "./cgroups.ts";
import { type DiagListener, parseDiag } from "./parse-diag.ts";
import type { RunSs } from "./run-ss.ts";
import type { ListenerSample, SeenListener } from "./seen.ts";

/** A network namespace whose listeners are to be seen. */
export interface Target {
  readonly root: boolean;
  /** The folder with its `tcp` and `tcp6`. */
  readonly netDir: string;
  /** The namespace to enter, as a path; null for the one the agent runs in. */
  readonly enter: string | null;
}

export type SetCapability = (name: string, available: boolean, reason?: string) => void;

export interface ListenerSource {
  /** Looks once. Null when the listeners cannot be seen now: the namespace is gone, or all means failed. */
  sample(target: Target, signal: AbortSignal): Promise<ListenerSample | null>;
}

/** How long a means that failed for a lasting reason is left alone: until someone may have mended it. */
const RETRY_LASTING_MS = 10 * 60_000;
/** The same for a passing one, such as a deadline. */
const RETRY_PASSING_MS = 30_000;

interface Blocked {
  readonly untilMs: number;
  readonly reason: string;
}

/**
 * Sees listeners by ss where that works, and by /proc/net/tcp where it does not, and says in capabilities
 * what is missing and how to get it: `listeners` (any at all), `listeners.limits` (limits and drops, of the
 * root), `listeners.namespaces` (the same of other namespaces).
 *
 * @param mayEnter whether this process may enter other namespaces.
 */
export function createListenerSource(parts: {
  readonly runSs: RunSs;
  readonly readProc: (netDir: string) => readonly SeenListener[] | null;
  readonly mayEnter: boolean;
  readonly setCapability: SetCapability;
  readonly now: () => number;
}): ListenerSource {
  const { runSs, readProc, mayEnter, setCapability, now } = parts;
  const cgroups = createCgroupPaths(now);
  let ssBlocked: Blocked | null = null;
  let enterBlocked: Blocked | null = mayEnter ? null : { untilMs: Number.POSITIVE_INFINITY, reason: MAY_NOT };
  /** Namespaces that could not be entered although others could, by their path. */
  const closed = new Map<string, Blocked>();

  function blockedFor({ enter }: Target): Blocked | null {
    const mine = enter === null ? [ssBlocked] : [ssBlocked, enterBlocked, closed.get(enter) ?? null];
    return mine.find((blocked) => blocked !== null && now() < blocked.untilMs) ?? null;
  }

  /** A sample, or why there is none by ss. */
  async function bySs(target: Target, signal: AbortSignal): Promise<ListenerSample | string> {
    const answer = await runSs(target.enter, signal, "sockets");
    const lasting = (reason: string): Blocked => ({ untilMs: now() + RETRY_LASTING_MS, reason });
    const passing = (reason: string): Blocked => ({ untilMs: now() + RETRY_PASSING_MS, reason });
    if (answer.kind === "absent") {
      const blocked = lasting(answer.program === "ss" ? NO_SS : NO_NSENTER);
      if (answer.program === "ss") ssBlocked = blocked;
      else enterBlocked = blocked;
      return blocked.reason;
    }
    if (answer.kind === "failed") {
      const reason = `ss gave no answer: ${answer.reason}`;
      if (target.enter === null) ssBlocked = passing(reason);
      else if (answer.forbidden) enterBlocked = lasting(`${MAY_NOT} (${answer.reason})`);
      else closed.set(target.enter, passing(reason));
      return blockedFor(target)?.reason ?? reason;
    }
    try {
      const { sockets, isWhole } = parseDiag(answer.output, endianness() === "LE");
      if (isWhole) return { source: "ss", sockets: await withCgroups(sockets, target, signal) };
      ssBlocked = lasting(NO_TCP_DIAG);
    } catch (error) {
      ssBlocked = lasting(`ss gives what this agent cannot read: ${messageOf(error)}`);
    }
    return ssBlocked.reason;
  }

  async function withCgroups(
    sockets: readonly DiagListener[],
    { enter }: Target,
    signal: AbortSignal,
  ): Promise<readonly SeenListener[]> {
    if (cgroups.isNews(sockets)) {
      const answer = await runSs(enter, signal, "details");
      cgroups.learn(sockets, answer.kind === "output" ? answer.output.toString("utf8") : "");
    }
    return sockets.map(cgroups.named);
  }

  function byProc(target: Target, noSs: string): ListenerSample | null {
    try {
      const sockets = readProc(target.netDir);
      if (sockets !== null) {
        if (target.root) setCapability("listeners", true);
        return { source: "proc", sockets };
      }
      if (target.root) {
        setCapability("listeners", false, `there is no ${target.netDir}/tcp, and ${noSs}`);
      }
    } catch (error) {
      if (target.root) setCapability("listeners", false, `${messageOf(error)}; and ${noSs}`);
    }
    return null;
  }

  return {
    async sample(target, signal) {
      const limits = target.root ? "listeners.limits" : "listeners.namespaces";
      const blocked = blockedFor(target);
      const seen = blocked === null ? await bySs(target, signal) : blocked.reason;
      if (signal.aborted) return null;
      if (typeof seen !== "string") {
        if (target.enter !== null) closed.delete(target.enter);
        if (target.root) setCapability("listeners", true);
        setCapability(limits, true);
        return seen;
      }
      // One namespace that ended while it was looked at says nothing about the others.
      const passing = !target.root && target.enter !== null && closed.has(target.enter);
      if (!passing) setCapability(limits, false, seen);
      if (closed.size > CLOSED_MAX) closed.clear();
      return byProc(target, seen);
    },
  };
}

const CLOSED_MAX = 1_000;
const NO_SS =
  "there is no ss on this host, so of listeners only the queue is seen, not its limit and drops: install iproute2";
const NO_NSENTER =
  "there is no nsenter on this host, so of listeners in other namespaces only the queue is seen: install util-linux";
const NO_TCP_DIAG =
  "the kernel refuses ss the details of listeners, so only the queue is seen, not its limit and drops: load the module with `modprobe tcp_diag`, or let the agent use netlink (AF_NETLINK in RestrictAddressFamilies of its systemd unit, sock_diag in the seccomp profile of its container)";
const MAY_NOT =
  "the agent may not enter other network namespaces, so of listeners there only the queue is seen: run it as root or with CAP_SYS_ADMIN and CAP_SYS_PTRACE";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
