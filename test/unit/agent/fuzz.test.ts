/**
 * Whatever a kernel, a container runtime or a broken disk may put into the agent's sources: real files, mutated.
 * A parser gives readings or its typed error, and nothing else. SPILLWAY_TEST_RUNS says how many inputs each parser gets
 * (1,000,000 at night); a failure prints the seed, and SPILLWAY_TEST_SEED replays it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
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
import { fixtureNetDir } from "./support/procfs.ts";

const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 20_000);
const SEED = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 2 ** 31);
const KERNELS = ["6.18.44", "2.6.32", "near-2-64", "names-without-values", "truncated"];

const listenerFixtures = fileURLToPath(new URL("./listeners/fixtures/", import.meta.url));
const SOCKSTAT =
  "sockets: used 19\nTCP: inuse 2 orphan 0 tw 0 alloc 2 mem 397\nUDP: inuse 0 mem 0\nFRAG: inuse 0 memory 0\n";
const CGROUP =
  "12:memory:/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n0::/kubepods.slice/x.scope\n";

function listenerFixture(ending: string, encoding: "latin1" | "utf8"): readonly string[] {
  const names = readdirSync(listenerFixtures).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(listenerFixtures + name, encoding));
}

const seeds = {
  paired: KERNELS.flatMap((kernel) =>
    ["snmp", "netstat"].map((name) => readFileSync(`${fixtureNetDir(kernel)}/${name}`, "utf8")),
  ),
  diag: listenerFixture(".diag", "latin1"),
  listeners: listenerFixture(".txt", "utf8"),
};

/** Mulberry32: small, seeded, the same everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

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

function mutate(text: string, next: () => number): string {
  let mutated = text;
  for (let edits = 1 + Math.floor(next() * 4); edits > 0; edits--) {
    const at = Math.floor(next() * (mutated.length + 1));
    const to = Math.min(mutated.length, at + Math.floor(next() * (next() < 0.2 ? mutated.length : 12)));
    const piece = PIECES[Math.floor(next() * PIECES.length)] ?? "";
    const kind = next();
    if (kind < 0.25) mutated = mutated.slice(0, at);
    else if (kind < 0.5) mutated = mutated.slice(0, at) + mutated.slice(to);
    else if (kind < 0.75) mutated = mutated.slice(0, at) + piece + mutated.slice(at);
    else mutated = mutated.slice(0, to) + mutated.slice(at);
    if (mutated.length > 20_000) mutated = mutated.slice(0, 20_000);
  }
  return mutated;
}

const parsers: readonly [string, readonly string[], (text: string) => void][] = [
  [
    "snmp and netstat",
    seeds.paired,
    (text) => {
      const { names, values } = parsePairedLines(text, "f");
      if (names.length !== values.length) throw new Error(`${names.length} names, ${values.length} values`);
      for (const value of values) {
        if (value !== null && (value < 0 || BigInt(value) > COUNTER_MAX))
          throw new Error(`a value is ${value}`);
      }
    },
  ],
  ["sockstat", [SOCKSTAT], (text) => void parseSockstat(text, "Sockstat", "f")],
  ["tcp_diag", seeds.diag, (text) => void parseDiag(Buffer.from(text, "latin1"))],
  ["details of ss", seeds.listeners, (text) => createCgroupPaths(() => 0).learn([], text)],
  ["/proc/net/tcp", seeds.listeners, (text) => void parseProcTcp(text, "f")],
  ["cgroup", [CGROUP], (text) => void parseCgroup(text)],
  [
    "stat of a process",
    ["20 (a (x) 1) S 1 20 20 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 1\n"],
    (text) => void parseStartMs(text),
  ],
  ["sysctl", ["32768\t60999\n"], (text) => void parseSysctl(text)],
];

test.each(parsers)(
  `%s: ${RUNS} mutated inputs give readings or a typed error`,
  (_name, originals, parse) => {
    const next = random(SEED);
    for (let run = 0; run < RUNS; run++) {
      const text = mutate(originals[run % originals.length] ?? "", next);
      try {
        parse(text);
      } catch (error) {
        if (error instanceof ParseError || error instanceof ListenerParseError) continue;
        expect.fail(`seed ${SEED}, input ${run}: ${String(error)}\n${JSON.stringify(text.slice(0, 2_000))}`);
      }
    }
  },
  600_000,
);
