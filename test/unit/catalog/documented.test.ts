import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  counterEntry,
  documentedCounters,
  isEventCounter,
  isGauge,
  isListed,
  knownCounters,
  SEED_COUNTERS,
  splitCounterName,
} from "../../../src/catalog/catalog.ts";
import { counterKind } from "../../../src/catalog/kinds.ts";
import { MEANINGS } from "../../../src/catalog/meanings.ts";
import { counterSummary } from "../../../src/catalog/summary.ts";

const entries = documentedCounters();
const named = entries.map((entry) => [entry.name, entry] as const);

test("the seven counters stand in their order, before all others", () => {
  expect(SEED_COUNTERS).toEqual([
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpAttemptFails",
    "TcpActiveOpens",
    "TcpPassiveOpens",
    "TcpCurrEstab",
    "TcpEstabResets",
  ]);
  expect(entries.slice(0, 7).map(({ name }) => name)).toEqual(SEED_COUNTERS);
});

test("each has a meaning and texts, once, and is a counter that kernels print", () => {
  const names = entries.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect([...MEANINGS.keys()].sort()).toEqual([...names].sort());
  expect(names.filter((name) => !isListed(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(60);
});

test("every file of counters/ is in a family", () => {
  const catalog = new URL("../../../src/catalog/", import.meta.url);
  const read = readFileSync(new URL("documented.ts", catalog), "utf8");
  const files = readdirSync(new URL("counters", catalog)).filter((file) => file !== "common.ts");
  expect(files.filter((file) => !read.includes(`"./counters/${file}"`))).toEqual([]);
});

describe.each(named)("%s", (name, entry) => {
  const texts = [entry.meaning, entry.implies, entry.remedy, entry.netstatText, ...entry.caveats].filter(
    (text) => text !== null,
  );

  test("has texts, each of whole sentences", () => {
    expect(entry.meaning).not.toBeNull();
    expect(entry.implies).not.toBeNull();
    expect(entry.caveats.length).toBeGreaterThan(0);
    for (const text of texts) {
      expect(text).toMatch(/^["A-Z].*\.$/);
      expect(text).not.toMatch(/ {2}|\n/);
    }
    expect(new Set(texts).size).toBe(texts.length);
    expect(entry.unit).toMatch(/^[A-Za-z]/);
  });

  test("is written in the words of the glossary", () => {
    for (const text of texts) {
      // What stands in quotes are the words of other programs.
      const own = text.replaceAll(/"[^"]*"/g, "");
      expect(own).not.toMatch(
        /\b(listen queue|backlog queue|SYN backlog|metrics?|stats?|alarms?|deltas?|TIME-WAIT)\b/i,
      );
    }
  });

  test("begins its meaning with a clause that stands alone in a list", () => {
    const { meaning } = counterSummary(name);
    expect(meaning?.length).toBeLessThan(145);
    expect(meaning).not.toMatch(/^(The same|As for)|\bsuch\b/);
    expect(entry.meaning?.startsWith(meaning ?? "-")).toBe(true);
  });

  test("names the places of the kernel that change it", () => {
    expect(entry.incrementedBy.length).toBeGreaterThan(0);
    for (const site of entry.incrementedBy) {
      expect(site.function).toMatch(/^[a-z0-9_]+$/);
      expect(site.file).toMatch(/^(net|include)\/[a-z0-9_/]+\.[ch]$/);
      expect(site.when).toMatch(/^[A-Z].*\.$/);
      if (site.since !== null) expect(site.since).toMatch(/^\d+\.\d+/);
    }
    const places = entry.incrementedBy.map((site) => `${site.file} ${site.function}`);
    expect(new Set(places).size).toBe(places.length);
  });

  test("agrees with what its name alone says", () => {
    expect(splitCounterName(name)).toEqual({ group: entry.group, field: entry.field });
    expect(entry.kind).toBe(counterKind(name));
    expect(entry.kind === "GAUGE").toBe(isGauge(name));
    expect(entry.event).toBe(isEventCounter(name));
  });

  test("names only counters that there are", () => {
    const fields = new Set([...knownCounters()].flatMap((known) => [known.name, known.field]));
    const words = texts.flatMap(
      (text) => text.match(/\b(?:TCP|Tcp|Syncookies|Listen)[A-Z][A-Za-z]+\b/g) ?? [],
    );
    expect(words.filter((word) => !fields.has(word) && word !== "TCPAbort")).toEqual([]);
  });
});

describe("to whom the number belongs", () => {
  test.each(named.filter(([, { kind }]) => kind === "COUNTER"))("%s says it", (_name, entry) => {
    expect(entry.caveats.some((caveat) => caveat.includes("network namespace"))).toBe(true);
  });
});

describe("what a Prometheus dashboard lacks by default", () => {
  test.each([
    ["TcpExtListenOverflows", true],
    ["TcpExtSyncookiesFailed", true],
    ["TcpExtTCPTimeouts", true],
    ["TcpCurrEstab", true],
    ["TcpAttemptFails", false],
    ["TcpEstabResets", false],
    ["TcpExtTCPReqQFullDrop", false],
    ["TcpExtEmbryonicRsts", false],
    ["TcpExtTCPAbortOnClose", false],
  ])("%s: exported by node_exporter is %s", (name, exported) => {
    const warned = counterEntry(name).caveats.some((caveat) => caveat.includes("node_exporter does not"));
    expect(warned).toBe(!exported);
  });
});

describe("remedies that are known not to work", () => {
  test.each(named)("%s: tcp_max_syn_backlog is never what to raise", (_name, entry) => {
    const sentences = [entry.remedy ?? "", ...entry.caveats].flatMap((text) => text.split(/(?<=\.) /));
    for (const sentence of sentences.filter((text) => text.includes("tcp_max_syn_backlog"))) {
      expect(sentence).toMatch(/never sizes|does nothing|and not net\.ipv4|second limit/);
    }
  });

  test.each(named)(
    "%s: a larger queue is offered for bursts, and never for a slow application",
    (_name, entry) => {
      const remedy = entry.remedy ?? "";
      if (!/raise the backlog|raise the limit|bigger backlog/.test(remedy)) return;
      expect(remedy).toMatch(/burst/);
      expect(remedy).toMatch(/mend (the|a slow) application/);
      expect(remedy).toMatch(/net\.core\.somaxconn|somaxconn/);
    },
  );

  test("a bigger backlog is not offered to an application that is too slow", () => {
    const { remedy } = counterEntry("TcpExtListenOverflows");
    expect(remedy).toContain("A bigger backlog never helps an application that is too slow.");
    expect(remedy).toContain("the smaller of the backlog given to listen() and net.core.somaxconn");
  });

  test("what is no trouble has no remedy", () => {
    for (const name of ["TcpExtTCPDeferAcceptDrop", "TcpExtTCPAbortOnLinger", "TcpExtTCPKeepAlive"]) {
      expect(counterEntry(name).remedy).toBeNull();
    }
  });
});
