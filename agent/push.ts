import type { AgentConfig } from "../src/protocol/answer.ts";
import { LIMITS } from "../src/protocol/limits.ts";
import type { ReceivedAnswer } from "./answer.ts";
import { backoffMs } from "./backoff.ts";
import type { TokenSource } from "./credentials.ts";
import type { Timekeeper } from "./epoch.ts";
import type { Log, SeldomLog } from "./log.ts";
import type { ComposedPush, Composer, SenderFacts } from "./message.ts";
import type { SnapshotQueue, WaitingSnapshot } from "./queue.ts";
import type { SetAside } from "./set-aside.ts";
import type { Transport } from "./transport.ts";
import { judge, type Verdict } from "./verdict.ts";

/** What the push loop does next. */
export type Step =
  | { readonly next: "now" }
  /** Wait out `ms`, whatever arrives meanwhile. */
  | { readonly next: "wait"; readonly ms: number }
  /** Nothing to send: wait for a snapshot, or for `ms` if that is not null. */
  | { readonly next: "idle"; readonly ms: number | null };

export interface Pusher {
  /** Sends one push if there is anything to send, and settles in the queue what it answered. Never throws. */
  push(signal?: AbortSignal): Promise<Step>;
  /** Snapshots that the service has, since the start; the others are counted where they are set aside. */
  readonly counts: PushCounts;
}

/** A push under way: what it composed, and what the composer was given, of which that is a head. */
interface SentPush extends Pick<ComposedPush, "named" | "factsFrom"> {
  readonly snapshots: readonly WaitingSnapshot[];
  readonly facts: SenderFacts;
}

export interface PushCounts {
  readonly stored: number;
  readonly duplicate: number;
}

export interface PusherParts {
  readonly queue: SnapshotQueue;
  readonly setAside: SetAside;
  readonly compose: Composer;
  readonly transport: Transport;
  /** Milliseconds of uptime, to date the service's clock. */
  readonly uptimeMs: () => number;
  /** What each push says beside its snapshots. Capabilities are left out while the service has this very list. */
  readonly facts?: () => Omit<SenderFacts, "goodbye">;
  /** Said once, even if nothing waits to be sent. */
  readonly goodbye?: () => SenderFacts["goodbye"];
  readonly learn: Timekeeper["learn"];
  readonly configure: (config: AgentConfig) => void;
  readonly token: Pick<TokenSource, "reload" | "remedy">;
  readonly wallClock: () => number;
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly seldom: SeldomLog;
}

/** Snapshots of a push, in bytes; the rest is for names, so that what came last is not cut off. */
const BATCH_BYTES = Math.floor(LIMITS.bodyBytes * 0.9);
/** While only a person can help: seldom enough to be no load, often enough to go on soon after. */
const UNAUTHORIZED_MS = 60_000;

/**
 * The pusher carries out the table of answers of docs/protocol.md. Its one rule: a snapshot is deleted only
 * when an answer of the service names what became of it, so no mistake of the service, of its operator or of
 * something in between empties the queue.
 */
export function createPusher(parts: PusherParts): Pusher {
  const { queue, setAside, log, seldom } = parts;
  /** Layouts whose names the service has: it stored a snapshot under them. */
  const acknowledged = new Set<string>();
  /**
   * Snapshots that a 400 answered alone, with how many pushes had succeeded by then. It may be the snapshot,
   * or something in between that refuses everything: so it is tried again, alone, after another push was
   * answered, and set aside only when that is refused as well.
   */
  const suspects = new Map<number, number>();
  /** Snapshots answered `retry` while others of their push were stored: they do not hold those up. */
  const held = new Set<number>();
  /** The first id that was not there yet at the last push. */
  let freshFrom = queue.nextId;
  /** Capabilities as the service has them. */
  let capable: SenderFacts["capabilities"];
  let saidGoodbye = false;
  /** The token was refused: whoever mends it does so while the agent waits, so it is read before the next try. */
  let refused = false;
  let lastEpoch: WaitingSnapshot["epoch"] | undefined;
  let heldUntilMs: number | null = null;
  let succeeded = 0;
  let stored = 0;
  let duplicate = 0;
  let failures = 0;
  let retries = 0;
  let batchLimit: number = LIMITS.snapshotsPerPush;

  /**
   * The oldest, and in up to half of the room whatever came since the last push: after an outage the oldest
   * fill many pushes, and what is scraped meanwhile must not wait for the last of them. What had come before a
   * push that failed is backlog from then on, whether that push had room for it or not. In the order of their
   * ids, so that the last section is of the newest epoch.
   */
  function nextBatch(): readonly WaitingSnapshot[] {
    if (heldUntilMs !== null && parts.monotonicMs() >= heldUntilMs) {
      held.clear();
      heldUntilMs = null;
    }
    const ready = (id: number) => !held.has(id) && suspects.get(id) !== succeeded;
    const within = { bytes: Math.floor(BATCH_BYTES / 2), fromId: freshFrom };
    const fresh = queue.peekBatch(Math.ceil(batchLimit / 2), ready, within);
    freshFrom = queue.nextId;
    const count = batchLimit - fresh.length;
    const bytes = BATCH_BYTES - fresh.reduce((sum, { json }) => sum + json.length, 0);
    const taken = new Set(fresh.map(({ id }) => id));
    const backlog = count === 0 ? [] : queue.peekBatch(count, (id) => !taken.has(id) && ready(id), { bytes });
    const batch = [...backlog, ...fresh].sort((a, b) => a.id - b.id);
    const suspect = batch.findIndex(({ id }) => suspects.has(id));
    return suspect === -1 ? batch : batch.slice(0, Math.max(1, suspect));
  }

  async function push(signal?: AbortSignal): Promise<Step> {
    const batch = nextBatch();
    const goodbye = parts.goodbye?.();
    if (batch.length === 0 && (goodbye === undefined || saidGoodbye || lastEpoch === undefined)) {
      return {
        next: "idle",
        ms: heldUntilMs === null ? null : Math.max(0, heldUntilMs - parts.monotonicMs()),
      };
    }
    const { capabilities, ...rest } = parts.facts?.() ?? {};
    const facts: SenderFacts = {
      ...rest,
      ...(capabilities === undefined || capabilities === capable ? {} : { capabilities }),
      ...(goodbye === undefined ? {} : { goodbye }),
    };
    const composed = parts.compose(batch, acknowledged, parts.wallClock(), facts, lastEpoch);
    const snapshots = batch.slice(0, composed.snapshots.length);
    lastEpoch = snapshots.at(-1)?.epoch ?? lastEpoch;
    if (refused) parts.token.reload();
    refused = false;
    const sentUptimeMs = parts.uptimeMs();
    const reply = await parts.transport.send(composed.body, signal);
    const receivedUptimeMs = parts.uptimeMs();
    const verdict = judge(reply, snapshots.length, parts.wallClock());
    if (verdict.kind === "answered") {
      const isBehind = verdict.answer.results.some(({ status }) => status === "future");
      parts.learn(verdict.answer.time, sentUptimeMs, receivedUptimeMs, isBehind);
      if (verdict.answer.config !== null) parts.configure(verdict.answer.config);
      return settle({ ...composed, snapshots, facts }, verdict.answer);
    }
    return keep(snapshots, verdict);
  }

  /** The service answered for each snapshot. */
  function settle({ snapshots, named, facts, factsFrom }: SentPush, answer: ReceivedAnswer): Step {
    const done: WaitingSnapshot[] = [];
    const retried: WaitingSnapshot[] = [];
    let namesAsked = true;
    succeeded += 1;
    for (const [index, snapshot] of snapshots.entries()) {
      const result = answer.results[index];
      if (result === undefined) continue;
      const { status, code, message } = result;
      if (status === "retry") {
        retried.push(snapshot);
        if (code === "UNKNOWN_LAYOUT") acknowledged.delete(snapshot.layout.hash);
        if (code !== "UNKNOWN_LAYOUT" || named.has(snapshot.layout.hash)) namesAsked = false;
        if (code !== "UNKNOWN_LAYOUT")
          seldom.say(code, log.warn, `a snapshot must wait: ${code}: ${message}`);
        continue;
      }
      done.push(snapshot);
      if (status === "stored" || status === "duplicate") {
        acknowledged.add(snapshot.layout.hash);
        if (status === "stored") stored += 1;
        else duplicate += 1;
        // Said once, and waited for by the installer (deploy/install.sh).
        if (stored + duplicate === 1) log.info("the service took the first snapshot");
      } else {
        setAside.add(snapshot, code, message);
        const say = status === "rejected" ? log.error : log.warn;
        seldom.say(code, say, `a snapshot was set aside: ${code}: ${message}`);
      }
    }
    forget(done);
    // A section that was refused was not read, and of one whose snapshots all were nobody can tell.
    const beside = answer.results.slice(factsFrom);
    if (beside.length === 0 || beside.some(({ status }) => status !== "retry" && status !== "rejected")) {
      capable = facts.capabilities ?? capable;
      saidGoodbye ||= facts.goodbye !== undefined;
    }
    batchLimit = Math.min(LIMITS.snapshotsPerPush, batchLimit * 2);
    if (retried.length === 0 || namesAsked) {
      retries = 0;
      return recovered();
    }
    if (retried.length === snapshots.length) return { next: "wait", ms: nextBackoff(0) };
    retries += 1;
    for (const { id } of retried) held.add(id);
    heldUntilMs = parts.monotonicMs() + backoffMs(retries, parts.random);
    return recovered();
  }

  /** They need no further push. What is set aside was so before: a crash in between keeps it twice, not never. */
  function forget(done: readonly WaitingSnapshot[]): void {
    queue.settle(done);
    for (const { id } of done) suspects.delete(id);
  }

  /** There was no answer for any snapshot: all stay, and the step says when to try again. */
  function keep(
    snapshots: readonly WaitingSnapshot[],
    verdict: Exclude<Verdict, { kind: "answered" }>,
  ): Step {
    const { kind, reason, retryAfterMs } = verdict;
    const [only] = snapshots;
    if ((kind === "malformed" || kind === "too_large") && snapshots.length > 1) {
      batchLimit = Math.ceil(snapshots.length / 2);
      seldom.say(
        kind,
        log.warn,
        `cannot push ${snapshots.length} snapshots at once: ${reason}; trying fewer`,
      );
      return { next: "now" };
    }
    if ((kind === "malformed" || kind === "too_large") && only !== undefined) {
      const before = suspects.get(only.id);
      if (before !== undefined && before < succeeded) {
        setAside.add(only, "REFUSED", reason);
        forget([only]);
        seldom.say(
          "REFUSED",
          log.error,
          `a snapshot was set aside, refused alone while others are taken: ${reason}`,
        );
        return { next: "now" };
      }
      suspects.set(only.id, succeeded);
    }
    const ms = nextBackoff(retryAfterMs);
    if (kind === "unauthorized") {
      const { remedy } = parts.token;
      seldom.say(kind, log.error, `cannot push: ${reason}; ${queue.size} snapshots are kept; ${remedy}`);
      refused = true;
      return {
        next: "wait",
        ms: Math.max(retryAfterMs, Math.round(UNAUTHORIZED_MS * (0.5 + parts.random() / 2))),
      };
    }
    // A link too slow for the whole batch in the time, or a proxy that cuts long bodies, takes shorter ones.
    if (kind === "unreachable") batchLimit = Math.max(1, Math.ceil(snapshots.length / 2));
    const wait = `next try in ${(ms / 1_000).toFixed(1)} s`;
    seldom.say("push", log.warn, `cannot push: ${reason}; ${queue.size} snapshots are kept, ${wait}`);
    return { next: "wait", ms };
  }

  /** Retry-After is a floor, with the random wait on top: others were told the same time. */
  function nextBackoff(retryAfterMs: number): number {
    failures += 1;
    return retryAfterMs + backoffMs(failures, parts.random);
  }

  function recovered(): Step {
    if (failures > 0)
      log.info(`pushing again after ${failures} failed tries; ${queue.size} snapshots are waiting`);
    failures = 0;
    for (const subject of ["push", "unauthorized"]) seldom.over(subject);
    return { next: "now" };
  }

  return {
    push,
    get counts() {
      return { stored, duplicate };
    },
  };
}
