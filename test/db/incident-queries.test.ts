/** What is asked of incidents, as documents of clients say it. */
import { describe, expect } from "vitest";
import { attachAnomalies, recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { claimDelivery, planDelivery, recordAttempt } from "../../src/store/incidents/deliveries.ts";
import { asking } from "../support/graphql.ts";
import { anomalyOn, diagnosisOf, judge, newMember, recover, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const NOW = T0 + 60 * MINUTE;
const iso = (time: number) => new Date(time).toISOString();

describe("an incident", () => {
  test("is told in full", async ({ store: { db } }) => {
    const host = await newMember(db, "web-1");
    const { incidentId } = await judge(db, { hosts: [host], diagnosis: diagnosisOf() });
    const [id = 0] = await recordAnomalies(db, [anomalyOn(host, { expectedLow: 0 })]);
    await attachAnomalies(db, incidentId, [{ hostId: host.hostId, id }]);
    const told = {
      receiver: "pager",
      kind: "OPENED",
      idempotencyKey: "1",
      groupId: null,
      incidents: [{ id: incidentId, firing: true }],
    } as const;
    const delivery = await planDelivery(db, told, NOW);
    // Said again by a job that runs twice.
    expect(await planDelivery(db, told, NOW + 1)).toEqual(delivery);
    const answer = {
      status: "PENDING",
      answerStatus: 503,
      answer: `busy\0${"x".repeat(600)}`,
      nextTryAt: NOW + 5_000,
    } as const;
    const claim = { now: NOW, until: NOW + 30_000, perReceiver: 1 };
    await claimDelivery(db, delivery.id, claim);
    await recordAttempt(db, { id: delivery.id, until: claim.until }, answer, NOW);

    const { incident } = await asking(db, NOW).ask(`{ incident(id: "incident_${incidentId}") {
      id title status severity cause flapping dedupKey url startedAt updatedAt acknowledgedAt acknowledgedBy resolvedAt
      labels hostCount hostNames lossShare lossLow lossHigh useful
      hosts { totalCount edges { node { name } } }
      anomalies { edges { node { id detector severity startedAt endedAt value expectedLow expectedHigh score explanation } } }
      diagnosis { cause contributing severity confidence summary evidence { statement counter { name } listener { id } value } remedies }
      timeline { edges { node { id at actor kind text } } pageInfo { hasNextPage } }
      deliveries { edges { node { id receiver kind status idempotencyKey attempts createdAt lastAttemptAt nextAttemptAt lastStatus lastAnswer } } }
    } }`);
    expect(incident).toEqual({
      id: `incident_${incidentId}`,
      title: "nginx on web accepts too slowly",
      status: "OPEN",
      severity: "MAJOR",
      cause: "APPLICATION_SLOW",
      flapping: false,
      dedupKey: "web slow",
      url: `/incidents/${incidentId}`,
      startedAt: iso(T0),
      updatedAt: iso(T0 + MINUTE + 1_000),
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
      labels: { role: "web" },
      hostCount: 1,
      hostNames: ["web-1"],
      lossShare: 0.05,
      lossLow: 0.03,
      lossHigh: 0.3,
      useful: null,
      hosts: { totalCount: 1, edges: [{ node: { name: "web-1" } }] },
      anomalies: {
        edges: [
          {
            node: {
              id: `anomaly_${host.hostId}_${id}`,
              detector: "burst",
              severity: "MAJOR",
              startedAt: iso(T0),
              endedAt: null,
              value: 30,
              expectedLow: 0,
              expectedHigh: 0.02,
              score: 12,
              explanation: "30 in a minute, 0.02 expected",
            },
          },
        ],
      },
      diagnosis: {
        cause: "APPLICATION_SLOW",
        contributing: ["CLIENT_ABORTS"],
        severity: "MAJOR",
        confidence: 0.8,
        summary: "the application is slow",
        evidence: [
          { statement: "its queue was full in 6 of 6 samples", counter: null, listener: null, value: 6 },
          {
            statement: "30 overflows",
            counter: { name: "TcpExtListenOverflows" },
            listener: null,
            value: 30,
          },
        ],
        remedies: ["add workers: it accepts 10/s, and 17/s come"],
      },
      timeline: {
        edges: [
          {
            node: {
              id: expect.stringMatching(/^timeline_\d+$/),
              at: iso(T0 + MINUTE),
              actor: "spillway",
              kind: "OPENED",
              text: "nginx on web accepts too slowly",
            },
          },
        ],
        pageInfo: { hasNextPage: false },
      },
      deliveries: {
        edges: [
          {
            node: {
              id: `delivery_${delivery.id}`,
              receiver: "pager",
              kind: "OPENED",
              status: "PENDING",
              idempotencyKey: "1",
              attempts: 1,
              createdAt: iso(NOW),
              lastAttemptAt: iso(NOW),
              nextAttemptAt: iso(NOW + 5_000),
              lastStatus: 503,
              lastAnswer: `busy\ufffd${"x".repeat(495)}`,
            },
          },
        ],
      },
    });
  });

  test("is found by its id, and so is what belongs to it", async ({ store: { db } }) => {
    const host = await newMember(db, "web-1");
    const { incidentId } = await judge(db);
    const [id = 0] = await recordAnomalies(db, [anomalyOn(host)]);
    const told = {
      receiver: "pager",
      kind: "OPENED",
      idempotencyKey: "1",
      groupId: null,
      incidents: [],
    } as const;
    const delivery = await planDelivery(db, told, NOW);
    const entry = await db.timelineEntry.findFirstOrThrow();
    const row = { matchers: [], from: new Date(T0), comment: "", createdBy: "ada", createdAt: new Date(T0) };
    const silence = await db.silence.create({ data: row });
    const { ask } = asking(db, NOW);
    const typeOf = async (nodeId: string) => {
      const { node } = await ask("query($id: ID!) { node(id: $id) { __typename id } }", { id: nodeId });
      expect(node?.id ?? nodeId).toBe(nodeId);
      return node?.__typename ?? null;
    };
    const known: [string, string][] = [
      [`incident_${incidentId}`, "Incident"],
      [`anomaly_${host.hostId}_${id}`, "Anomaly"],
      [`timeline_${entry.id}`, "TimelineEntry"],
      [`delivery_${delivery.id}`, "Delivery"],
      [`silence_${silence.id}`, "Silence"],
    ];
    for (const [nodeId, type] of known) {
      expect([nodeId, await typeOf(nodeId), await typeOf(`${nodeId}9999`)]).toEqual([nodeId, type, null]);
    }
    for (const none of ["anomaly_x", "timeline_x", "delivery_x"]) expect(await typeOf(none)).toBeNull();
  });

  test("outlives the hosts that it is about", async ({ store: { db } }) => {
    const [gone, here] = [await newMember(db, "gone"), await newMember(db, "here")];
    const { incidentId } = await judge(db, { hosts: [gone, here] });
    const ids = await recordAnomalies(db, [anomalyOn(gone), anomalyOn(here)]);
    await attachAnomalies(db, incidentId, [
      { hostId: gone.hostId, id: ids[0] ?? 0 },
      { hostId: here.hostId, id: ids[1] ?? 0 },
    ]);
    await db.host.delete({ where: { id: gone.hostId } });
    const question = `{ incident(id: "${incidentId}") {
      hostCount hostNames hosts { edges { node { name } } } anomalies { edges { node { host { name } } } } }
      anomalies { edges { node { host { name } } } }
      incidents(filter: {host: "gone"}) { edges { node { hostCount } } } }`;
    const { incident, anomalies, incidents } = await asking(db, NOW).ask(question);
    const left = { edges: [{ node: { host: { name: "here" } } }] };
    expect(incident).toEqual({
      hostCount: 2,
      hostNames: ["gone", "here"],
      hosts: { edges: [{ node: { name: "here" } }] },
      anomalies: left,
    });
    expect(anomalies).toEqual(left);
    expect(incidents.edges).toEqual([{ node: { hostCount: 2 } }]);
  });

  test("is found by its filter", async ({ store: { db } }) => {
    const [one, two] = [await newMember(db, "web-1"), await newMember(db, "web-2")];
    await judge(db, { dedupKey: "a", title: "a", hosts: [one], labels: { role: "web" } });
    await judge(db, {
      dedupKey: "b",
      title: "b",
      hosts: [one, two],
      startedAt: T0 + MINUTE,
      severity: "CRITICAL",
      cause: "SYN_FLOOD",
      labels: { role: "db", zone: "eu" },
    });
    await judge(db, {
      dedupKey: "c",
      title: "c",
      startedAt: T0 + 2 * MINUTE,
      labels: {},
      judgedAt: T0 + 3 * MINUTE,
    });
    await recover(db, { dedupKey: "a", judgedAt: T0 + 10 * MINUTE });
    const { ask, refused } = asking(db, NOW);
    const found = async (filter: string) => {
      const { incidents } = await ask(`{ incidents(filter: {${filter}}) { edges { node { title } } } }`);
      return incidents.edges.map(({ node }: { node: { title: string } }) => node.title).join("");
    };
    const label = (text: string) => `labels: [{name: "role", ${text}}]`;
    const expected: [string, string][] = [
      ["", "cba"],
      ["status: [OPEN]", "cb"],
      ["status: [RESOLVED, ACKNOWLEDGED]", "a"],
      ["status: []", ""],
      ["severity: [CRITICAL]", "b"],
      ["cause: [SYN_FLOOD, UNKNOWN]", "b"],
      [label('value: "web"'), "a"],
      [label('op: NE, value: "web"'), "cb"],
      [label('op: RE, value: "we|db"'), "b"],
      [label('op: RE, value: ".*"'), "cba"],
      [label('op: NRE, value: "w.*"'), "cb"],
      [label('op: EQ, value: ""'), "c"],
      ['labels: [{name: "role", op: RE, value: ".+"}, {name: "zone", value: "eu"}]', "b"],
      ['host: "web-1"', "ba"],
      [`host: "host_${two.agentId}"`, "b"],
      ['host: "web-3"', ""],
      ['host: "host_00000000-0000-4000-8000-000000000000"', ""],
      [`updatedSince: "${iso(T0 + 3 * MINUTE)}"`, "ca"],
      [`range: {from: "${iso(T0 + 11 * MINUTE)}", to: "${iso(NOW)}"}`, "cb"],
      [`range: {from: "${iso(T0 - MINUTE)}", to: "${iso(T0 + MINUTE)}"}`, "a"],
    ];
    for (const [filter, titles] of expected) expect([filter, await found(filter)]).toEqual([filter, titles]);
    const faults: [string, RegExp][] = [
      [label('op: RE, value: "("'), /not a regular expression/],
      [label('value: "\\u0000"'), /has NUL/],
      ['host: "host_1"', /not the id of a host/],
      ['host: "\\u0000"', /has NUL/],
      ['range: {last: "1h", from: "2026-01-01T00:00Z"}', /a range is/],
    ];
    for (const [filter, message] of faults) {
      const [error] = await refused(`{ incidents(filter: {${filter}}) { edges { cursor } } }`);
      expect(error?.message).toMatch(message);
    }
  });
});

test("a host's diagnosis is that of the worst incident that it is part of", async ({ store: { db } }) => {
  const host = await newMember(db, "web-1");
  const { ask } = asking(db, NOW);
  const summary = async () => (await ask(`{ host(name: "web-1") { diagnosis { summary } } }`)).host.diagnosis;
  expect(await summary()).toBeNull();
  const said = (text: string) => ({ diagnosis: { ...diagnosisOf(), summary: text }, hosts: [host] });
  await judge(db, { ...said("minor"), dedupKey: "a", severity: "MINOR" });
  await judge(db, { ...said("critical"), dedupKey: "b", severity: "CRITICAL" });
  expect(await summary()).toEqual({ summary: "critical" });
  // It recovers from the one, while others do not.
  await judge(db, { ...said("critical"), dedupKey: "b", hosts: [], judgedAt: T0 + 2 * MINUTE });
  expect(await summary()).toEqual({ summary: "minor" });
  await recover(db, { dedupKey: "a" });
  expect(await summary()).toBeNull();
});
