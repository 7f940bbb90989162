/**
 * The other end of the cable: the clients, and the agent's way to the service, since a network of its own has no
 * other. What comes for the service goes through a socket in the file system, which no network is needed for.
 */
import { execFileSync } from "node:child_process";
import { type AddressInfo, connect, createServer, Socket } from "node:net";
import { DRILL_PROCESS } from "../../protocol/drill.ts";
import { Attempts } from "../attempts.ts";
import { CABLE } from "../cable.ts";
import type { FromPeer, PeerOptions, ToPeer } from "../messages.ts";
import { options, tell } from "./process.ts";

/** An end to it, whatever was asked: of all connections, those of a flood too. */
const CONNECTIONS_MAX = 25_000;
const REQUEST_BYTES = 100;
const TICK_MS = 50;
/** By then its SYN is on its way. To close it then sends nothing. */
const SYN_MS = 50;

process.title = DRILL_PROCESS;
const { door, load } = options<PeerOptions>();
const attempts = new Attempts(REQUEST_BYTES);
const timers: NodeJS.Timeout[] = [];
let left = CONNECTIONS_MAX;

function plug(namespaces: boolean): void {
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
  if (namespaces) {
    ip("link", "set", "lo", "up");
    for (const address of [CABLE.peer, CABLE.nobody]) ip("addr", "add", `${address}/24`, "dev", CABLE.device);
    ip("link", "set", CABLE.device, "up");
  }
  const address = namespaces ? CABLE.peer : "127.0.0.1";
  const server = createServer((from) => {
    const to = connect(door);
    from.pipe(to).pipe(from);
    for (const one of [from, to]) {
      one.on("error", () => undefined);
      one.on("close", () => (one === from ? to : from).destroy());
    }
  });
  server.listen(namespaces ? CABLE.servicePort : 0, address, () => {
    say({ kind: "plugged", address, port: (server.address() as AddressInfo).port });
  });
}

function begin(host: string, port: number): void {
  const { atOnce, everyMs, patienceMs } = load.clients;
  const client = () => {
    const socket = attempts.begin({ host, port }, (connected) =>
      connected.once("data", () => connected.end()),
    );
    setTimeout(() => socket.destroy(), patienceMs).unref();
  };
  const syn = () => {
    const socket = new Socket();
    socket.on("error", () => undefined);
    socket.connect({ host, port, localAddress: CABLE.nobody });
    setTimeout(() => socket.destroy(), SYN_MS).unref();
  };
  repeat(everyMs, atOnce, client);
  if (load.floodPerSecond > 0) repeat(TICK_MS, (load.floodPerSecond * TICK_MS) / 1_000, syn);
}

function repeat(everyMs: number, count: number, each: () => void): void {
  const step = () => {
    for (let index = 0; index < count && left > 0; index++, left--) each();
  };
  step();
  timers.push(setInterval(step, everyMs));
}

function halt(): void {
  for (const timer of timers) clearInterval(timer);
  const clients = attempts.counts();
  attempts.end();
  say({ kind: "halted", clients });
}

function say(message: FromPeer): void {
  tell(message);
}

process.on("message", (message: ToPeer) => {
  if (message.kind === "plug") plug(message.namespaces);
  else if (message.kind === "begin") begin(message.address, message.port);
  else halt();
});
say({ kind: "started" });
