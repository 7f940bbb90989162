import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { drillHost } from "../drill/drill.ts";
import type { DrillEvent } from "../drill/events.ts";
import type { DrillKind } from "../drill/kinds.ts";
import { inWords } from "../drill/words.ts";
import { SpillwayError } from "../errors.ts";
import type { DrillKindName, DrillRunner, DrillShape } from "../graphql/drill-shape.ts";
import { recordAudit, SYSTEM_ACTOR } from "../store/audit.ts";
import { inTransaction, type PrismaClient } from "../store/client.ts";
import { revokeToken } from "../store/token-changes.ts";
import { type Actor, actorLabel, keepToken, newSecret } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";

interface DrillsDeps {
  readonly db: PrismaClient;
  /** Where the service is reached from this machine. */
  readonly server: () => string;
  readonly log: Logger;
  readonly now: () => number;
}

const KINDS: Readonly<Record<DrillKindName, DrillKind>> = {
  SLOW: "slow",
  SMALL_BACKLOG: "small-backlog",
  STALLED: "stalled",
  FLOOD: "flood",
};
/** Longer than every drill takes. */
const LIFE_MS = 6 * 60_000;
/** How long one that was asked to end may take. */
const END_MS = 15_000;
/** Of what it wrote to standard error. */
const PROBLEM_CHARACTERS = 2_000;

/**
 * Runs drills for whoever asks over the API: the command of the command line, as a process of its own, one at a time.
 *
 * It has a token of its own, for its host alone, which ends with it.
 */
export class Drills implements DrillRunner {
  readonly #deps: DrillsDeps;
  #current: DrillShape | null = null;
  #child: ChildProcess | null = null;

  constructor(deps: DrillsDeps) {
    this.#deps = deps;
  }

  current(): DrillShape | null {
    return this.#current;
  }

  async start(kind: DrillKindName, actor: Actor): Promise<DrillShape> {
    const { server, now } = this.#deps;
    const before = this.#current;
    if (before !== null && before.phase !== "ENDED") {
      throw new SpillwayError(
        "CONFLICT",
        `a drill is under way (${KINDS[before.kind]}, begun by ${before.startedBy}): wait until it has ended`,
      );
    }
    // At once, so that two who ask at the same time do not both begin.
    const begun: DrillShape = {
      kind,
      phase: "PREPARING",
      startedAt: now(),
      startedBy: actorLabel(actor),
      endedAt: null,
      host: drillHost(),
      incidentId: null,
      named: null,
      problem: null,
      lines: [],
    };
    this.#current = begun;
    try {
      const token = await this.#makeToken(begun, actor);
      this.#run(KINDS[kind], server(), token);
    } catch (error) {
      this.#current = before;
      throw error;
    }
    return begun;
  }

  /** Ends the one that is under way; it cleans up after itself, and without us too. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), graceMs * 0.8);
    await ended;
    clearTimeout(kill);
  }

  #makeToken({ kind, host }: DrillShape, actor: Actor): Promise<{ id: string; secret: string }> {
    const { db, now } = this.#deps;
    const secret = newSecret();
    const expiresAt = new Date(now() + LIFE_MS + END_MS);
    return inTransaction(db, async (tx) => {
      const createdBy = actorLabel(actor);
      const token = { name: "drill", scopes: ["read", "ingest"] as const, hostPattern: host };
      const { id } = await keepToken(tx, secret, { ...token, expiresAt, createdBy });
      const details = { kind, tokenId: id };
      await recordAudit(tx, actor, { action: "drill.start", target: host, details }, now());
      return { id, secret };
    });
  }

  #run(kind: DrillKind, server: string, token: { readonly id: string; readonly secret: string }): void {
    const { db, log, now } = this.#deps;
    const main = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));
    const args = [...process.execArgv, main, "drill", kind, "--json", "--server", server];
    // The channel tells it when this process is gone, however it went.
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, SPILLWAY_TOKEN: token.secret },
    });
    this.#child = child;
    const end = setTimeout(() => child.kill("SIGTERM"), LIFE_MS);
    const kill = setTimeout(() => child.kill("SIGKILL"), LIFE_MS + END_MS);
    let problem = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      problem = (problem + text).slice(-PROBLEM_CHARACTERS);
    });
    const ended = (code: number | null) => {
      clearTimeout(end);
      clearTimeout(kill);
      this.#child = null;
      const hasVerdict = this.#current?.named !== null;
      const why = problem.trim().replace(/^spillway: /, "") || `it ended with ${code}`;
      this.#become({ phase: "ENDED", endedAt: now(), problem: hasVerdict ? null : why });
      revokeToken(db, SYSTEM_ACTOR, token.id, now()).catch((error: unknown) =>
        log.warn({ err: error }, "cannot revoke the token of a drill; it expires by itself"),
      );
    };
    child.once("close", ended);
    child.once("error", ({ message }) => {
      problem = message;
      // Without a descriptor for its pipes it has none, and no end either.
      if (child.stdout == null) ended(null);
    });
    if (child.stdout != null) createInterface({ input: child.stdout }).on("line", this.#hearer());
  }

  /** Takes what a drill tells, line by line. */
  #hearer(): (line: string) => void {
    let loadedAt: number | null = null;
    return (line) => {
      const event = eventOf(line);
      if (event === null) return;
      if (event.type === "loaded") loadedAt = event.at;
      const told = inWords(event, loadedAt).split("\n");
      this.#become({ ...changeOf(event), lines: [...(this.#current?.lines ?? []), ...told] });
    };
  }

  #become(change: Partial<DrillShape>): void {
    if (this.#current !== null) this.#current = { ...this.#current, ...change };
  }
}

/** Null for a line that is none: a runtime may write some of its own. */
function eventOf(line: string): DrillEvent | null {
  try {
    return JSON.parse(line) as DrillEvent;
  } catch {
    return null;
  }
}

/** What an event changes of the drill, besides its lines. */
function changeOf(event: DrillEvent): Partial<DrillShape> {
  switch (event.type) {
    case "loaded":
      return { phase: "RUNNING" };
    case "opened":
    case "renamed":
      return { incidentId: idOf(event.incident.id) };
    case "verdict": {
      const incident = event.incident === null ? {} : { incidentId: idOf(event.incident.id) };
      return { phase: "ENDING", named: event.right, ...incident };
    }
    default:
      return {};
  }
}

/** The number in an incident's id of the API. */
function idOf(nodeId: string): number {
  return Number(nodeId.replace(/^\D+/, ""));
}
