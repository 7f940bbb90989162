/**
 * Makes one episode: process 1 of its own pid namespace, in the network namespace of the observed host. The
 * kernel ends all others when this one ends, stopped ones too, and it ends with the test that started it.
 */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { options, tell, tellAndExit } from "../../../../src/drill/processes/process.ts";
import { type Actors, createActors, said, startBundle } from "../actors.ts";
import { episodeNamed } from "../catalog.ts";
import { type Episode, QUIET } from "../episode.ts";
import { createKit } from "../kit.ts";
import type { AnswerMessage, DoneMessage, LabOptions, PushMessage } from "../messages.ts";

/** Nobody's episode takes so long; one that hangs must not stay. */
const TIMEOUT_MS = 300_000;
const SERVICE_PORT = 4_000;
const LINK = { host: "10.77.0.1", peer: "10.77.0.2" };
/** The link with a relay in it; pushes go over the other one. */
const RELAYED = { host: "10.77.1.1", peer: "10.77.1.2" };

setTimeout(() => giveUp(`not at its end after ${TIMEOUT_MS} ms`), TIMEOUT_MS).unref();
const lab = options<LabOptions>();
const episode = episodeNamed(lab.episode);

const peer = startBundle(["unshare", "-n"], lab.bundles, "peer", { port: SERVICE_PORT });
await said(peer, "peer");
const actors = createActors(lab.bundles, peer.pid ?? 0);
layCable(actors, peer.pid ?? 0);
const address = episode.path === undefined ? LINK : await layRelayedPath(actors, peer.pid ?? 0, episode.path);
for (const [name, value] of Object.entries(episode.sysctls ?? {})) {
  const path = join("/proc/sys/net", name);
  // tcp_syn_linear_timeouts came with 6.5: before, what its 0 asks for is what there is.
  if (existsSync(path)) writeFileSync(path, value);
}

let snapshots = 0;
const waiting = new Set<() => void>();
peer.on("message", (message: PushMessage) => {
  tell(message);
  for (const host of message.push.hosts) snapshots += host.snapshots.length;
  for (const look of waiting) look();
});
process.on("message", (message: AnswerMessage) => peer.send(message));

function moreSnapshots(count: number): Promise<void> {
  const until = snapshots + count;
  return new Promise((resolve) => {
    const look = () => {
      if (snapshots >= until && waiting.delete(look)) resolve();
    };
    waiting.add(look);
  });
}

const kit = createKit({ actors, address, snapshots: moreSnapshots });
await Promise.all((episode.apps ?? []).map(kit.listen));

const agent = spawn(
  process.execPath,
  [
    lab.agent,
    ...["--server", `http://${LINK.peer}:${SERVICE_PORT}`, "--token-file", lab.tokenFile],
    ...["--state-dir", lab.stateDir, "--name", lab.host],
    ...["--interval", `${lab.everyMs}ms`, "--namespaces", "root"],
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);
agent.once("exit", (code, signal) => giveUp(`the agent ended with ${code ?? signal}`));

await moreSnapshots(QUIET.before);
const clients = await episode.run(kit);
await moreSnapshots(QUIET.after);
const done: DoneMessage = { kind: "done", clients };
tellAndExit(done);

function giveUp(why: string): never {
  console.error(why);
  process.exit(1);
}

function layCable({ ip }: Actors, peerPid: number): void {
  ip("host", "link", "set", "lo", "up");
  ip("peer", "link", "set", "lo", "up");
  ip("host", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", String(peerPid));
  for (const side of ["host", "peer"] as const) {
    ip(side, "addr", "add", `${LINK[side]}/24`, "dev", "cable");
    ip(side, "link", "set", "cable", "up");
  }
  // What has no other way goes to the peer, and ends there: answers to spoofed addresses, calls to nowhere.
  ip("host", "route", "add", "default", "via", LINK.peer);
}

async function layRelayedPath(
  { ip, start }: Actors,
  peerPid: number,
  path: NonNullable<Episode["path"]>,
): Promise<typeof RELAYED> {
  await said(start("host", "relay", path), "relay");
  ip("host", "link", "set", "peer0", "netns", String(peerPid));
  for (const side of ["host", "peer"] as const) {
    const device = `${side}0`;
    const other = side === "host" ? RELAYED.peer : RELAYED.host;
    ip(side, "addr", "add", RELAYED[side], "peer", other, "dev", device);
    ip(side, "link", "set", device, "txqueuelen", "5000", "up");
  }
  return RELAYED;
}
