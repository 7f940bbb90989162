/**
 * Holds all that a drill starts: the application, its clients and the agent. In a network of its own it is process 1
 * of its own pid namespace, so that the kernel ends the others when it ends; on loopback they end with its channel.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DRILL_PROCESS } from "../../protocol/drill.ts";
import { CABLE } from "../cable.ts";
import type {
  BoxOptions,
  ClientCounts,
  FromApp,
  FromBox,
  FromPeer,
  ToApp,
  ToBox,
  ToPeer,
} from "../messages.ts";
import { startProcess } from "../start-process.ts";
import { options, tell } from "./process.ts";

/** Nobody's drill takes so long; one whose starter hangs must not stay. */
const LIFE_MS = 6 * 60_000;
/** How long the agent may take to say that its host leaves. */
const LEAVE_MS = 5_000;
const INTERVAL = "1s";

process.title = DRILL_PROCESS;
const box = options<BoxOptions>(() => void end());
const inNamespaces = box.place === "namespaces";
const children: ChildProcess[] = [];
let agent: ChildProcess | null = null;
let ending = false;
setTimeout(() => {
  process.stderr.write(`not at its end after ${LIFE_MS / 60_000} min\n`);
  void end();
}, LIFE_MS).unref();

function start<Options extends object>(name: string, given: Options, before: readonly string[] = []) {
  const child = startProcess(before, name, given);
  children.push(child);
  child.once("exit", (code, signal) => {
    if (!ending) fail(`the ${name} of the drill ended with ${code ?? signal}`);
  });
  return child;
}

const peer = start("peer", { door: box.door, load: box.load }, inNamespaces ? ["unshare", "-n"] : []);
await said<FromPeer>(peer, "started");
if (inNamespaces) layCable(peer.pid ?? 0);
toPeer({ kind: "plug", namespaces: inNamespaces });
const service = await said<FromPeer, "plugged">(peer, "plugged");

const address = inNamespaces ? CABLE.host : "127.0.0.1";
const app = start("app", {
  ...box.app,
  address: inNamespaces ? "0.0.0.0" : address,
  port: inNamespaces ? CABLE.appPort : 0,
});
const { port } = await said<FromApp, "listening">(app, "listening");

agent = spawn(
  process.execPath,
  [
    ...[box.agent, "--server", `http://${service.address}:${service.port}`, "--state-dir", box.stateDir],
    ...["--name", box.host, "--interval", INTERVAL, "--namespaces", "root", "--goodbye", "leaving"],
    // It comes once and never again: its silence is no news, and it is soon forgotten.
    ...["--label", "drill=true", "--label", "ephemeral=true"],
    // The machine's labels would make it one of its role.
    ...["--labels-dir", join(box.folder, "no-labels")],
  ],
  { stdio: ["ignore", "ignore", "inherit", "ipc"] },
);
children.push(agent);
agent.once("exit", (code, signal) => {
  if (!ending) fail(`the agent of the drill ended with ${code ?? signal}`);
});

process.on("message", ({ kind }: ToBox) => {
  if (kind === "begin") begin();
  else if (kind === "halt") void halt();
  else void end();
});
say({ kind: "ready" });

function begin(): void {
  const stall: ToApp = { kind: "stall" };
  if (box.stalls) app.send(stall);
  toPeer({ kind: "begin", address, port });
}

async function halt(): Promise<void> {
  const halted = said<FromPeer, "halted">(peer, "halted");
  toPeer({ kind: "halt" });
  const { clients }: { readonly clients: ClientCounts } = await halted;
  say({ kind: "halted", clients });
}

/** The agent first, so that what the end of the others does to the counters is not seen; then all at once. */
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  if (agent !== null && agent.exitCode === null && agent.signalCode === null) {
    const left = new Promise((resolve) => agent?.once("exit", resolve));
    agent.kill("SIGTERM");
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, LEAVE_MS))]);
  }
  leave(0);
}

function fail(why: string): void {
  process.stderr.write(`${why}\n`);
  ending = true;
  leave(1);
}

function leave(code: number): never {
  for (const child of children) child.kill("SIGKILL");
  // By whoever ends last: the one that started this may be gone.
  rmSync(box.folder, { recursive: true, force: true });
  process.exit(code);
}

function layCable(peerPid: number): void {
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
  const { device } = CABLE;
  ip("link", "set", "lo", "up");
  ip("link", "add", device, "type", "veth", "peer", "name", device, "netns", String(peerPid));
  ip("addr", "add", `${CABLE.host}/24`, "dev", device);
  ip("link", "set", device, "up");
  ip("neigh", "add", CABLE.nobody, "lladdr", CABLE.nowhere, "dev", device, "nud", "permanent");
}

/** The next message of a kind. */
function said<Message extends { readonly kind: string }, Kind extends Message["kind"] = Message["kind"]>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<Message, { readonly kind: Kind }>> {
  return new Promise((resolve) => {
    const listen = (message: Message) => {
      if (message.kind !== kind) return;
      child.off("message", listen);
      resolve(message as Extract<Message, { readonly kind: Kind }>);
    };
    child.on("message", listen);
  });
}

function toPeer(message: ToPeer): void {
  peer.send(message);
}

function say(message: FromBox): void {
  tell(message);
}
