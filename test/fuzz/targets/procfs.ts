/**
 * Whatever a kernel, a container runtime or a broken disk may put into the agent's sources: real files, mutated. A
 * parser gives readings or its typed error, and nothing else.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createCgroupPaths } from "../../../agent/listeners/cgroups.ts";
import { parseDiag } from "../../../agent/listeners/parse-diag.ts";
import { parseProcTcp } from "../../../agent/listeners/parse-proc-tcp.ts";
import { ListenerParseError } from "../../../agent/listeners/seen.ts";
import { parseCgroup } from "../../../agent/parse/cgroup.ts";
import { ParseError, parsePairedLines } from "../../../agent/parse/paired-lines.ts";
import { parseStartMs } from "../../../agent/parse/process-stat.ts";
import { parseSockstat } from "../../../agent/parse/sockstat.ts";
import { parseSysctl } from "../../../agent/parse/sysctl.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import { fixtureNetDir } from "../../unit/agent/support/procfs.ts";
import { edited } from "../edits.ts";
import { type FuzzTarget, target } from "../target.ts";

const KERNELS = ["6.18.44", "2.6.32", "near-2-64", "names-without-values", "truncated"];
const LISTENERS = fileURLToPath(new URL("../../unit/agent/listeners/fixtures/", import.meta.url));
const SOCKSTAT =
  "sockets: used 19\nTCP: inuse 2 orphan 0 tw 0 alloc 2 mem 397\nUDP: inuse 0 mem 0\nFRAG: inuse 0 memory 0\n";
const CGROUP =
  "12:memory:/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n0::/kubepods.slice/x.scope\n";
const STAT = "20 (a (x) 1) S 1 20 20 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 1\n";
const PAIRED = KERNELS.flatMap((kernel) =>
  ["snmp", "netstat"].map((name) => readFileSync(`${fixtureNetDir(kernel)}/${name}`, "utf8")),
);
const PIECES = [
  "\n",
  " ",
  ":",
  "-1",
  "18446744073709551616",
  "99999999999999999999999",
  "\0",
  "Tcp:",
  "é",
  "\ud800",
  "0x",
  "[::1]:",
  "1e9",
  "NaN",
  "",
];

function listenerFixtures(ending: string, encoding: "latin1" | "utf8"): readonly string[] {
  const names = readdirSync(LISTENERS).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(LISTENERS + name, encoding));
}

const listeners = listenerFixtures(".txt", "utf8");

export const PROCFS: readonly FuzzTarget[] = [
  parser("procfs-paired-lines", PAIRED, (text) => {
    const { names, values } = parsePairedLines(text, "f");
    if (names.length !== values.length) throw new Error(`${names.length} names, ${values.length} values`);
    for (const value of values) {
      if (value !== null && (value < 0 || BigInt(value) > COUNTER_MAX))
        throw new Error(`a value is ${value}`);
    }
  }),
  parser("procfs-sockstat", [SOCKSTAT], (text) => void parseSockstat(text, "Sockstat", "f")),
  parser("procfs-tcp", listeners, (text) => void parseProcTcp(text, "f")),
  parser("procfs-cgroup", [CGROUP], (text) => void parseCgroup(text)),
  parser("procfs-stat", [STAT], (text) => void parseStartMs(text)),
  parser("procfs-sysctl", ["32768\t60999\n"], (text) => void parseSysctl(text)),
  parser("tcp-diag", listenerFixtures(".diag", "latin1"), (text) => {
    parseDiag(Buffer.from(text, "latin1"));
  }),
  parser("ss-details", listeners, (text) => {
    createCgroupPaths(() => 0).learn([], text);
  }),
];

function parser(name: string, originals: readonly string[], parse: (text: string) => void): FuzzTarget {
  return target(name, {
    cases: 5_000,
    input: edited(originals, PIECES),
    check: (text) => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof ParseError || error instanceof ListenerParseError)) throw error;
      }
    },
  });
}
