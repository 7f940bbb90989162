/** Where tests make real TCP episodes: a network namespace of their own where that is allowed, else loopback. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";

export interface TestNetwork {
  /** Address of this side, which processes on the other can reach. */
  readonly address: string;
  /** Address of the other side. */
  readonly otherAddress: string;
  /** True when the other side's counters are touched by nobody else. */
  readonly isolated: boolean;
  /** Starts node on the other side. */
  node(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Starts another program there. */
  run(command: string, args: readonly string[]): ChildProcess;
  remove(): void;
}

let made = 0;

export function makeNetwork(): TestNetwork {
  const name = `spw-${process.pid}-${made++}`;
  const [inside, outside] = [`spwi${process.pid % 10_000}${made}`, `spwo${process.pid % 10_000}${made}`];
  const [here, there] = freeAddresses(made);
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  try {
    ip("netns", "add", name);
  } catch {
    return loopback();
  }
  try {
    ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name);
    ip("addr", "add", `${here}/30`, "dev", outside);
    ip("link", "set", outside, "up");
    ip("-n", name, "addr", "add", `${there}/30`, "dev", inside);
    ip("-n", name, "link", "set", inside, "up");
    ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    ip("netns", "del", name);
    throw error;
  }
  return {
    address: here,
    otherAddress: there,
    isolated: true,
    node: (args, env) =>
      spawn("ip", ["netns", "exec", name, process.execPath, ...args], {
        env: env ?? process.env,
        stdio: "pipe",
      }),
    run: (command, args) => spawn("ip", ["netns", "exec", name, command, ...args], { stdio: "pipe" }),
    remove: () => {
      ip("netns", "del", name);
    },
  };
}

/**
 * Two addresses of a subnet reserved for documentation in which this machine has none; runs at the same time begin to
 * look at different ones.
 */
function freeAddresses(count: number): [string, string] {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []),
  );
  const first = (process.pid * 7 + count) % SUBNETS;
  for (let tried = 0; tried < SUBNETS; tried++) {
    const subnet = ((first + tried) % SUBNETS) * 4;
    for (const range of ["198.51.100.", "203.0.113.", "192.0.2."]) {
      const [here, there] = [`${range}${subnet + 1}`, `${range}${subnet + 2}`] as const;
      if (!taken.has(here) && !taken.has(there)) return [here, there];
    }
  }
  throw new Error("this machine uses every subnet reserved for documentation");
}

/** Of four addresses each, in a range. */
const SUBNETS = 63;

function loopback(): TestNetwork {
  return {
    address: "127.0.0.1",
    otherAddress: "127.0.0.1",
    isolated: false,
    node: (args, env) => spawn(process.execPath, [...args], { env: env ?? process.env, stdio: "pipe" }),
    run: (command, args) => spawn(command, args, { stdio: "pipe" }),
    remove: () => undefined,
  };
}

export function script(name: "listener" | "connect"): string {
  return fileURLToPath(new URL(`./sockets/${name}.mjs`, import.meta.url));
}

/** A TcpExt counter as the kernel prints it for the namespace of a process. */
export function readCounter(pid: number, name: string): number {
  const lines = readFileSync(`/proc/${pid}/net/netstat`, "utf8").split("\n");
  const index = lines.findIndex((line) => line.startsWith("TcpExt:"));
  const place = (lines[index] ?? "").split(" ").indexOf(name);
  return Number((lines[index + 1] ?? "").split(" ")[place]);
}

/** The first line that a process writes. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.split("\n")[0] ?? "");
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it wrote a line`)));
  });
}

/** SIGKILL, then waits. */
export function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return ended;
}
