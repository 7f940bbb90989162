import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PushAnswer } from "../../../src/protocol/answer.ts";
import type { Push } from "../../../src/protocol/message.ts";
import { AGENT } from "../agent.ts";
import { cleanEnvironment } from "../service.ts";
import { bundleProcesses } from "./bundle.ts";
import { episodeNamed } from "./catalog.ts";
import type { Clients, Episode } from "./episode.ts";
import type { Answered, AnswerMessage, DoneMessage, LabOptions, PushMessage } from "./messages.ts";

/** An episode that was made: all that its agent pushed, in order, and what its clients saw. */
export interface MadeEpisode {
  readonly pushes: readonly Push[];
  readonly clients: Clients;
}

export interface MakeOptions {
  /** Time between snapshots. */
  readonly everyMs?: number;
  /** Name of the host; the episode's where not given. */
  readonly host?: string;
  /** Answers the pushes; where not given, all is said to be stored. */
  readonly answer?: (push: Push) => Promise<Answered>;
}

/**
 * Namespaces of its own for network, processes and mounts: there process 1 is ours, so that the agent sees a
 * whole host, and nothing outlives it. Without root one of users as well.
 */
const UNSHARE = [
  process.getuid?.() === 0 ? "-n" : "-Urn",
  ...["--pid", "--fork", "--kill-child", "--mount-proc"],
];

const canUnshare = spawnSync("unshare", [...UNSHARE, "true"]).status === 0;

/** Whether this machine lets this user make the episode. */
export function canMake({ path }: Episode): boolean {
  return canUnshare && (path === undefined || canOpenTun());
}

function canOpenTun(): boolean {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes an episode on the kernel of this machine, seen by the built agent. It needs dist/agent.mjs, `unshare`,
 * `nsenter`, `ip` and `ss`.
 *
 * @throws Error with all that its processes wrote, when it does not come to its end
 */
export async function makeEpisode(name: string, options: MakeOptions = {}): Promise<MadeEpisode> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-episode-"));
  try {
    const bundles = join(folder, "processes");
    mkdirSync(bundles);
    await bundleProcesses(bundles);
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, `spw_${"t".repeat(40)}`, { mode: 0o600 });
    const lab: LabOptions = {
      episode: name,
      host: options.host ?? name,
      everyMs: options.everyMs ?? episodeNamed(name).everyMs ?? 1_000,
      agent: AGENT,
      tokenFile,
      stateDir: join(folder, "state"),
      bundles,
    };
    const child = spawn(
      "unshare",
      [...UNSHARE, process.execPath, join(bundles, "lab.js"), JSON.stringify(lab)],
      {
        env: cleanEnvironment(),
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      },
    );
    return await follow(name, child, options.answer ?? storeAll);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function follow(
  name: string,
  child: ChildProcess,
  answer: (push: Push) => Promise<Answered>,
): Promise<MadeEpisode> {
  const pushes: Push[] = [];
  let clients: Clients | null = null;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  let failed: unknown = null;
  const fail = (cause: unknown) => {
    failed ??= cause;
    child.kill("SIGKILL");
  };
  return new Promise((resolve, reject) => {
    child.on("message", (message: PushMessage | DoneMessage) => {
      if (message.kind === "done") {
        clients = message.clients;
        return;
      }
      pushes.push(message.push);
      answer(message.push).then((answered) => {
        const back: AnswerMessage = { kind: "answer", id: message.id, answered };
        // A lab that is done waits for no answer: of how it ended "close" tells, and not a send that fails.
        if (child.connected) child.send(back, () => undefined);
      }, fail);
    });
    child.once("error", fail);
    // Only then is nothing of it left, that could still write.
    child.once("close", (code, signal) => {
      if (clients !== null && failed === null) return resolve({ pushes, clients });
      const cause = failed ?? `it ended with ${code ?? signal}`;
      reject(new Error(`cannot make the episode ${name}: ${String(cause)}\n${output}`, { cause }));
    });
  });
}

/** What a service answers that has stored everything. */
async function storeAll({ hosts }: Push): Promise<Answered> {
  const answer: PushAnswer = {
    time: Date.now(),
    results: hosts.flatMap(({ snapshots }) => snapshots.map(() => ({ status: "stored" as const }))),
    config: { intervalMs: 1_000, jitterMs: 0 },
  };
  return { status: 200, body: JSON.stringify(answer) };
}
