import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import type { Incident } from "../../../../src/detect/episodes/book.ts";
import { inhibitions } from "../../../../src/detect/episodes/inhibition.ts";
import { dedupKey } from "../../../../src/detect/episodes/key.ts";
import { observationOf } from "../../../../src/detect/episodes/strength.ts";
import { suppressedBy } from "../../../../src/detect/episodes/suppression.ts";
import { titleOf } from "../../../../src/detect/episodes/title.ts";
import { type UrgencyInput, urgencyOf } from "../../../../src/detect/episodes/urgency.ts";
import { diagnosisOf, listener, spread, windowOf } from "../support/windows.ts";

describe("what an incident explains", () => {
  const incident = (cause: Cause, members: string[], openedAt = 0): Incident => ({
    key: `${cause} ${members}`,
    scope: { kind: members.length > 1 ? "fleet" : "host", of: members.join() },
    cause,
    port: null,
    status: "open",
    startedAt: openedAt,
    openedAt,
    resolvedAt: null,
    openings: 1,
    flapping: false,
    severity: "MINOR",
    members,
  });

  test.each<[Cause, Cause, boolean]>([
    ["HOST_SILENT", "APPLICATION_SLOW", true],
    ["DATA_PROBLEM", "SYN_FLOOD", true],
    ["HOST_SILENT", "DATA_PROBLEM", false],
    ["APPLICATION_SLOW", "CLIENT_ABORTS", true],
    ["SYN_FLOOD", "PATH_LOSS", true],
    ["CLIENT_ABORTS", "APPLICATION_SLOW", false],
  ])("%s holds back %s of its host: %s", (source, target, holds) => {
    const all = [incident(source, ["a"]), incident(target, ["a"])];
    expect(inhibitions(all).has(`${target} a`)).toBe(holds);
    expect(inhibitions([incident(source, ["b"]), incident(target, ["a"])]).size).toBe(0);
  });

  test("one host does not explain what goes on on many, and many explain one", () => {
    const [one, many] = [incident("APPLICATION_SLOW", ["a"]), incident("CLIENT_ABORTS", ["a", "b"])];
    expect(inhibitions([one, many]).size).toBe(0);
    const fleet = incident("APPLICATION_SLOW", ["a", "b"]);
    expect(inhibitions([fleet, incident("CLIENT_ABORTS", ["b"])]).size).toBe(1);
  });

  test("what was resolved explains nothing", () => {
    const over = { ...incident("HOST_SILENT", ["a"]), status: "resolved" } as const;
    expect(inhibitions([over, incident("APPLICATION_SLOW", ["a"])]).size).toBe(0);
  });

  test("but the burn that it explained stays explained while it may be opened again, and no other", () => {
    const [slow, burn] = [incident("APPLICATION_SLOW", ["a"]), incident("SLO_BURN", ["a"])];
    const on = inhibitions([slow, burn]);
    expect([...on]).toEqual([[burn.key, slow.key]]);
    const over = { ...slow, status: "resolved", members: [] } as const;
    expect(inhibitions([over, burn], on)).toEqual(on);
    expect(inhibitions([burn], on).size).toBe(0);
    // Of a role: while the hosts of what explained it recover one after the other.
    const [stalled, wide] = [incident("APPLICATION_STALLED", ["a", "b"]), incident("SLO_BURN", ["a", "b"])];
    const all = inhibitions([stalled, wide]);
    expect(inhibitions([{ ...stalled, members: ["b"] }, wide], all)).toEqual(all);
    expect(inhibitions([{ ...stalled, members: ["b"] }, wide]).size).toBe(0);
    // One that begins when nothing explains it is told of.
    expect(inhibitions([over, burn]).size).toBe(0);
    const other = incident("CLIENT_ABORTS", ["a"]);
    expect(inhibitions([over, other], new Map([[other.key, over.key]])).size).toBe(0);
  });
});

test.each<[string, Cause, number, object, boolean]>([
  ["maintenance holds back everything", "APPLICATION_SLOW", 500, { kind: "maintenance", until: 1_000 }, true],
  ["but data problems, which are our own", "DATA_PROBLEM", 500, { kind: "maintenance", until: 1_000 }, false],
  [
    "for a quarter of an hour where nobody told when",
    "APPLICATION_SLOW",
    900_000,
    { kind: "maintenance", until: null },
    true,
  ],
  ["and not for ever", "APPLICATION_SLOW", 900_100, { kind: "maintenance", until: null }, false],
  ["until it ends", "APPLICATION_SLOW", 1_000, { kind: "maintenance", until: 1_000 }, false],
  ["and not before it begins", "APPLICATION_SLOW", 50, { kind: "maintenance", until: 1_000 }, false],
  ["a deploy holds back a restart", "RESTART", 500, { kind: "deploy", until: null }, true],
  ["and no loss", "APPLICATION_SLOW", 500, { kind: "deploy", until: null }, false],
  ["for five minutes", "RESTART", 300_100, { kind: "deploy", until: null }, false],
  ["or until it is over", "RESTART", 900_000, { kind: "deploy", until: 1_000_000 }, true],
  ["an announced reboot holds back silence", "HOST_SILENT", 200_000, { kind: "reboot", until: null }, true],
  ["a note holds back nothing", "RESTART", 500, { kind: "NOTE", until: null }, false],
])("%s", (_name, cause, at, event, held) => {
  const known = { kind: "", title: "", at: 100, until: null, ...event };
  expect(suppressedBy(cause, at, [known]) !== null).toBe(held);
});

test.each<[string, Partial<UrgencyInput>, string]>([
  ["a tenth of handshakes lost", { share: 0.1 }, "PAGE"],
  ["a tenth of so many", { share: 0.1, lost: 5 }, "PAGE"],
  ["all of one client's, on a host where nobody else comes", { share: 1, lost: 1.4 }, "TICKET"],
  ["less", { share: 0.09 }, "NOTE"],
  ["less, where the role asks for it", { share: 0.09, pageShare: 0.05 }, "PAGE"],
  ["a fast burn", { burn: "PAGE" }, "PAGE"],
  ["a slow burn", { burn: "TICKET" }, "TICKET"],
  ["a port that nothing listens on", { cause: "SERVICE_DOWN" }, "PAGE"],
  ["one silent host", { cause: "HOST_SILENT" }, "NOTE"],
  ["a silent fleet: our own ingest", { cause: "HOST_SILENT", scope: { kind: "fleet", of: "*" } }, "PAGE"],
  ["what flaps", { flapping: true }, "TICKET"],
  ["a leak", { cause: "CONNECTION_LEAK" }, "TICKET"],
  ["bad data of a host that seems to lose all", { cause: "DATA_PROBLEM", share: 1 }, "NOTE"],
  ["a scan", { cause: "INBOUND_SCAN" }, "NOTE"],
])("%s", (_name, more, urgency) => {
  const usual: UrgencyInput = {
    cause: "APPLICATION_SLOW",
    scope: { kind: "host", of: "h" },
    flapping: false,
    share: null,
    lost: null,
    pageShare: 0.1,
    burn: null,
  };
  expect(urgencyOf({ ...usual, ...more })).toBe(urgency);
});

describe("a diagnosis as an observation", () => {
  const whose = { subject: "n1", host: "h1", role: "web" };
  const newest = { share: 0.01, closesMinute: true };
  test("of loss is as strong as the share is over the threshold, and has the listener's port", () => {
    const seen = listener({ samplesFull: 50, peakQueue: 17, lastQueue: 17, firstQueue: 17, weight: 70 });
    const found = diagnosisOf(
      windowOf(spread({ accepted: 990, overflows: 70, drops: 70 }), { listeners: [seen] }),
    );
    if (found === null) throw new Error("nothing was found");
    expect(observationOf(found, whose, newest)).toMatchObject({
      ...whose,
      cause: "APPLICATION_SLOW",
      port: 8080,
      strength: expect.closeTo(10, 6),
    });
    expect(observationOf(found, whose, newest, 0.02).strength).toBeCloseTo(0.5, 6);
  });

  test("of a fault of the whole host is of no port, whichever listener has a queue just now", () => {
    const seen = listener({ port: 22, peakQueue: 1 });
    const found = diagnosisOf(
      windowOf(spread({ accepted: 60, drops: 600, abortsOnMemory: 60 }), { listeners: [seen] }),
    );
    if (found === null) throw new Error("nothing was found");
    expect(found.listener?.seen.port).toBe(22);
    expect(observationOf(found, whose, newest)).toMatchObject({ cause: "MEMORY_PRESSURE", port: null });
  });

  test("of another cause is there or not", () => {
    const found = diagnosisOf(windowOf([{ attemptsFailed: 100, embryonicResets: 100 }]));
    if (found === null) throw new Error("nothing was found");
    expect(observationOf(found, whose, newest)).toMatchObject({
      cause: "INBOUND_SCAN",
      port: null,
      strength: 1,
    });
  });
});

test("keys are the same for ever, and differ by each part", () => {
  const host = { kind: "host", of: "h1" } as const;
  expect(dedupKey(host, "ACCEPT_QUEUE", 80)).toBe("32a8507dfc9acbd7af20053c09a1b9c0");
  const keys = [
    dedupKey(host, "ACCEPT_QUEUE", 80),
    dedupKey(host, "ACCEPT_QUEUE", null),
    dedupKey(host, "PATH_LOSS", 80),
    dedupKey({ kind: "fleet", of: "h1" }, "ACCEPT_QUEUE", 80),
    dedupKey({ kind: "host", of: "h2" }, "ACCEPT_QUEUE", 80),
  ];
  expect(new Set(keys).size).toBe(5);
});

test.each([
  ["host", "h1", "APPLICATION_SLOW", 8080, ["h1"], "Application accepts too slowly on port 8080: web-h1"],
  ["host", "n7", "SYN_FLOOD", null, ["h1"], "SYN flood, held by cookies: web-h1"],
  ["fleet", "web", "SERVICE_DOWN", null, ["h1", "h2"], "Nothing listens any more: 2 hosts of web"],
  ["fleet", "*", "HOST_SILENT", null, ["h1", "h2", "h3"], "Nothing is heard: 3 hosts"],
] as const)("the title of a %s's incident", (kind, of, cause, port, members, title) => {
  expect(titleOf({ scope: { kind, of }, cause, port, members }, (host) => `web-${host}`)).toBe(title);
});

test("the title of a role's incident counts those who have recovered", () => {
  const scope = { kind: "fleet", of: "web" } as const;
  const last = { scope, cause: "SERVICE_DOWN", port: null, members: ["h1"], most: 500 } as const;
  expect(titleOf(last, String)).toBe("Nothing listens any more: 500 hosts of web");
});
