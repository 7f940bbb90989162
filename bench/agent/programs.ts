import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, delimiter, join } from "node:path";
import type { Options } from "./options.ts";

/** One program under measurement. */
export interface Program {
  readonly name: string;
  /** What it does in a cycle. */
  readonly does: string;
  readonly child: ChildProcess;
  readonly pid: number;
  /** The end of its output. */
  readonly output: () => string;
  /** Makes it do a cycle's work; null for one that has its own clock. */
  readonly scrape: string | null;
}

/** What may be measured, and what is missing and why. */
export interface Found {
  readonly programs: readonly Program[];
  readonly missing: readonly string[];
}

const OUTPUT_CHARACTERS = 4_000;

export async function startPrograms(options: Options, folder: string, url: string): Promise<Found> {
  const programs = [...startAgents(options, folder, url), startBareNode(folder)];
  const missing: string[] = [];
  if (!options.peers) return { programs, missing };
  const exporter = which(["node_exporter", "prometheus-node-exporter"]);
  if (exporter === null) missing.push("node_exporter: apt-get install prometheus-node-exporter");
  else programs.push(...(await startExporters(exporter)));
  const collectd = which(["collectd"]);
  if (collectd === null) missing.push("collectd: apt-get install collectd-core");
  else programs.push(startCollectd(collectd, options, folder));
  return { programs, missing };
}

function startAgents(options: Options, folder: string, url: string): Program[] {
  const agent = (name: string, does: string, extra: AgentExtra): Program => {
    // As its unit starts it (deploy/install.sh).
    const args = [
      "--v8-pool-size=1",
      ...(extra.node ?? []),
      extra.file ?? options.agent,
      ...["--server", url, "--name", name, "--interval", `${options.intervalMs}ms`],
      ...["--state-dir", join(folder, name), "--labels-dir", join(folder, "no-labels")],
      ...["--namespaces", extra.namespaces ?? "root"],
    ];
    const env = { ...process.env, SPILLWAY_AGENT_TOKEN: "bench", MALLOC_ARENA_MAX: "1" };
    return start(name, does, process.execPath, args, { env, scrape: null });
  };
  const root = "root namespace, listeners by ss, push over loopback";
  const programs = [agent("agent", root, {})];
  for (const file of options.against) programs.push(agent(`agent ${basename(file)}`, root, { file }));
  if (options.parts)
    programs.push(
      agent("agent, profiled", `${root}, under --cpu-prof`, {
        node: ["--cpu-prof", "--cpu-prof-interval", "200", "--cpu-prof-dir", join(folder, "profile")],
      }),
    );
  if (options.namespaces > 0)
    programs.push(
      agent("agent, namespaces", `root and ${options.namespaces} more namespaces`, { namespaces: "all" }),
    );
  return programs;
}

/** The floor: nothing less than this can be had of this runtime. */
function startBareNode(folder: string): Program {
  const file = join(folder, "bare.mjs");
  writeFileSync(file, "setInterval(() => {}, 1e3);\n");
  const env = { ...process.env, MALLOC_ARENA_MAX: "1" };
  return start("node alone", "a module with one timer", process.execPath, ["--v8-pool-size=1", file], {
    env,
    scrape: null,
  });
}

interface AgentExtra {
  readonly file?: string;
  readonly namespaces?: "root" | "all";
  readonly node?: readonly string[];
}

async function startExporters(program: string): Promise<Program[]> {
  const exporter = async (name: string, does: string, args: readonly string[]) => {
    const address = `127.0.0.1:${await freePort()}`;
    const scrape = `http://${address}/metrics`;
    return start(name, does, program, [`--web.listen-address=${address}`, "--log.level=error", ...args], {
      scrape,
    });
  };
  const tcp = [
    "--collector.disable-defaults",
    "--collector.netstat",
    "--collector.sockstat",
    "--collector.netstat.fields=.*",
    "--web.disable-exporter-metrics",
  ];
  return [
    await exporter("node_exporter", "netstat with all fields and sockstat, nothing else", tcp),
    await exporter("node_exporter, defaults", "its default collectors", []),
  ];
}

function startCollectd(program: string, { intervalMs }: Options, folder: string): Program {
  const home = join(folder, "collectd");
  mkdirSync(home);
  const config = join(home, "collectd.conf");
  writeFileSync(
    config,
    [
      `BaseDir "${home}"`,
      `PIDFile "${join(home, "pid")}"`,
      `Interval ${intervalMs / 1_000}`,
      "LoadPlugin protocols",
      // Without anything that writes, values would be thrown away. Nobody listens there: datagrams are lost.
      "LoadPlugin network",
      "<Plugin network>",
      '  Server "127.0.0.1" "9"',
      "</Plugin>",
      "",
    ].join("\n"),
  );
  const does = "its plugin protocols (snmp, netstat), sent by UDP";
  return start("collectd", does, program, ["-f", "-C", config], { scrape: null });
}

function start(
  name: string,
  does: string,
  command: string,
  args: readonly string[],
  { env, scrape }: { readonly env?: NodeJS.ProcessEnv; readonly scrape: string | null },
): Program {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: env ?? process.env });
  if (child.pid === undefined) throw new Error(`cannot start ${command}`);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text: Buffer) => {
      output = (output + text.toString("utf8")).slice(-OUTPUT_CHARACTERS);
    });
  }
  child.on("error", () => {});
  return { name, does, child, pid: child.pid, output: () => output, scrape };
}

/** The first of the names that PATH has; Debian keeps daemons where a user's PATH does not look. */
function which(names: readonly string[]): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
