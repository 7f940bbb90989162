import { describe, expect, test } from "vitest";
import {
  counterEntry,
  documentedCounters,
  isEventCounter,
  isGauge,
  SEED_COUNTERS,
  splitCounterName,
} from "../../../src/catalog/catalog.ts";
import { counterKind } from "../../../src/catalog/kinds.ts";

const entries = documentedCounters();
const named = entries.map((entry) => [entry.name, entry] as const);

test("the seven counters stand in their order", () => {
  expect(SEED_COUNTERS).toEqual([
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpAttemptFails",
    "TcpActiveOpens",
    "TcpPassiveOpens",
    "TcpCurrEstab",
    "TcpEstabResets",
  ]);
  expect(SEED_COUNTERS.map((name) => counterEntry(name))).toEqual(entries);
});

describe.each(named)("%s", (name, entry) => {
  test("has every text, each a sentence", () => {
    for (const text of [entry.meaning, entry.implies, entry.remedy, entry.netstatText, ...entry.caveats]) {
      expect(text).toMatch(/^["A-Z].*\.$/);
      expect(text).not.toMatch(/ {2}|\n/);
    }
    expect(entry.caveats.length).toBeGreaterThan(1);
    expect(entry.unit).toMatch(/^[a-z]/);
  });

  test("names the places of the kernel that change it", () => {
    expect(entry.incrementedBy.length).toBeGreaterThan(0);
    for (const site of entry.incrementedBy) {
      expect(site.function).toMatch(/^[a-z0-9_]+$/);
      expect(site.file).toMatch(/^(net|include)\/[a-z0-9_/]+\.[ch]$/);
      expect(site.when).toMatch(/^[A-Z].*\.$/);
      if (site.since !== null) expect(site.since).toMatch(/^\d+\.\d+/);
    }
    const functions = entry.incrementedBy.map((site) => site.function);
    expect(new Set(functions).size).toBe(functions.length);
  });

  test("agrees with what its name alone says", () => {
    expect(splitCounterName(name)).toEqual({ group: entry.group, field: entry.field });
    expect(entry.kind).toBe(counterKind(name, entry.group));
    expect(entry.kind === "GAUGE").toBe(isGauge(name));
    expect(entry.event).toBe(isEventCounter(name));
  });

  test("has the names that other tools use", () => {
    expect(entry.aliases).toContain(`node_netstat_${entry.group}_${entry.field}`);
    expect(entry.aliases).toContain(`nstat.${name}`);
    expect(entry.aliases.some((alias) => alias.startsWith("system.net.tcp."))).toBe(true);
  });

  test("says to whom the number belongs", () => {
    expect(entry.caveats.some((caveat) => caveat.includes("network namespace"))).toBe(true);
  });
});

test("no name and no alias means two counters, in any case", () => {
  const names = entries.flatMap((entry) => [entry.name, entry.field, ...entry.aliases]);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
});

describe("remedies that are known not to work", () => {
  test.each(named)("%s: tcp_max_syn_backlog is named only to warn of it", (_name, entry) => {
    const sentences = (entry.remedy ?? "").split(/(?<=\.) /);
    for (const sentence of sentences.filter((text) => text.includes("tcp_max_syn_backlog"))) {
      expect(sentence).toMatch(/never sizes|does nothing/);
    }
  });

  test("a bigger backlog is not offered to an application that is too slow", () => {
    const { remedy } = counterEntry("TcpExtListenOverflows");
    expect(remedy).toContain("A bigger backlog never helps an application that is too slow.");
    expect(remedy).toContain("the smaller of the backlog given to listen() and net.core.somaxconn");
  });
});
