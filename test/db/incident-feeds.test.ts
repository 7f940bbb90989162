/** Subscriptions to incidents and anomalies, against a real store and over the bus between processes. */
import { createSourceEventStream, execute, type GraphQLError, parse } from "graphql";
import { describe, expect } from "vitest";
import { openLive } from "../../src/graphql/live.ts";
import { schema } from "../../src/graphql/schema.ts";
import { acknowledgeIncident } from "../../src/incidents/acknowledge.ts";
import { Announcer } from "../../src/live/announcer.ts";
import { LiveBus } from "../../src/live/bus.ts";
import { SYSTEM_ACTOR } from "../../src/store/audit.ts";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { contextFor, sourcesOn } from "../support/graphql-sources.ts";
import { anomalyOn, judge, newMember, recover, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

/** A process that serves, with subscriptions and what they have been told. */
function serving(db: PrismaClient, databaseUrl: string) {
  const log = createLog("silent");
  const bus = new LiveBus(databaseUrl, log);
  const announcer = new Announcer(db, log);
  const live = openLive({ announcer, bus, log, onLook: () => undefined });
  const sources = { ...sourcesOn(db, () => T0 + 120_000), live };
  const open: (() => Promise<unknown> | undefined)[] = [];
  return {
    announcer,
    subscribe: async (source: string) => {
      const args = { schema, document: parse(source), contextValue: contextFor(sources, "read") };
      const events = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in events)) return { told: [], errors: events.errors };
      const iterator = events[Symbol.asyncIterator]();
      open.push(() => iterator.return?.());
      const told: unknown[] = [];
      const errors: GraphQLError[] = [];
      void (async () => {
        for (;;) {
          const event = await iterator.next();
          if (event.done === true) return;
          const contextValue = contextFor(sources, "read");
          const { data } = await execute({ ...args, rootValue: event.value, contextValue });
          told.push(data);
        }
      })();
      return { told, errors };
    },
    ask: (source: string) =>
      execute({ schema, document: parse(source), contextValue: contextFor(sources, "operate") }),
    stop: async () => {
      for (const end of open) await end();
      live.close();
      await announcer.flush();
      await bus.close();
    },
  };
}

describe("incidents", () => {
  test("are told when they change, and once more when they meet the filter no longer", async ({
    store: { db },
    databaseUrl,
  }) => {
    const old = await judge(db, { dedupKey: "old" });
    const service = serving(db, databaseUrl);
    const fields = "{ title status hostCount }";
    const all = await service.subscribe(`subscription { incidents ${fields} }`);
    const open = await service.subscribe(`subscription { incidents(filter: {status: [OPEN]}) ${fields} }`);
    const member = await newMember(db, "web-1");
    const opened = await judge(db, { title: "web is slow", hosts: [member] });
    const first = { incidents: { title: "web is slow", status: "OPEN", hostCount: 1 } };
    // Nobody announced it: it is found by looking.
    await waitFor("the incident", () => all.told.length > 0 && open.told.length > 0, { timeoutMs: 20_000 });
    expect([all.told, open.told]).toEqual([[first], [first]]);

    await acknowledgeIncident({ db, actor: SYSTEM_ACTOR, now: T0 + 100_000 }, opened.incidentId, null);
    service.announcer.changed("incidents", { id: String(opened.incidentId), revision: 1 });
    const second = { incidents: { ...first.incidents, status: "ACKNOWLEDGED" } };
    await waitFor("the change", () => all.told.length > 1 && open.told.length > 1, { timeoutMs: 20_000 });
    expect([all.told, open.told]).toEqual([
      [first, second],
      [first, second],
    ]);

    await service.ask(`mutation { annotateIncident(id: "incident_${old.incidentId}", note: "seen") { id } }`);
    await waitFor("the note", () => all.told.length > 2, { timeoutMs: 20_000 });
    expect(all.told.at(-1)).toMatchObject({ incidents: { status: "OPEN", hostCount: 0 } });

    await recover(db);
    await waitFor("the end", () => all.told.length > 3, { timeoutMs: 20_000 });
    expect(all.told.at(-1)).toMatchObject({ incidents: { title: "web is slow", status: "RESOLVED" } });
    await service.stop();
  });

  test("and anomalies are refused with what is no filter", async ({ store: { db }, databaseUrl }) => {
    const service = serving(db, databaseUrl);
    for (const field of [
      'incidents(filter: {labels: [{name: "a", op: RE, value: "("}]}) { id }',
      'incidents(filter: {host: "host_none"}) { id }',
      'anomalies(filter: {labels: [{name: "a", op: RE, value: "("}]}) { id }',
      'anomalies(filter: {counter: "NoSuchThing"}) { id }',
    ]) {
      const { errors } = await service.subscribe(`subscription { ${field} }`);
      expect(errors, field).toHaveLength(1);
    }
    await service.stop();
  });
});

test("anomalies are told when they are found, judged anew, and over", async ({
  store: { db },
  databaseUrl,
}) => {
  const [web, gone] = [
    await newMember(db, "web-1", { role: "web" }),
    await newMember(db, "db-1", { role: "db" }),
  ];
  const record = (...anomalies: Parameters<typeof recordAnomalies>[1]) =>
    inTransaction(db, (tx) => recordAnomalies(tx, anomalies));
  await record(anomalyOn(web, { detector: "before" }));
  const service = serving(db, databaseUrl);
  const { told } = await service.subscribe(
    `subscription { anomalies(filter: {labels: [{name: "role", value: "web"}]}) { detector value endedAt host { name } } }`,
  );
  await record(anomalyOn(web), anomalyOn(gone));
  service.announcer.changed("anomalies", { id: "1", revision: 0 });
  await waitFor("the first", () => told.length > 0, { timeoutMs: 20_000 });
  await record(anomalyOn(web, { value: 40, judgedAt: T0 + 90_000 }));
  await waitFor("what has grown", () => told.length > 1, { timeoutMs: 20_000 });
  await record(anomalyOn(web, { value: 40, endedAt: T0 + 100_000, judgedAt: T0 + 110_000 }));
  await waitFor("the end", () => told.length > 2, { timeoutMs: 20_000 });
  const shown = { detector: "burst", host: { name: "web-1" } };
  expect(told).toEqual([
    { anomalies: { ...shown, value: 30, endedAt: null } },
    { anomalies: { ...shown, value: 40, endedAt: null } },
    { anomalies: { ...shown, value: 40, endedAt: new Date(T0 + 100_000).toISOString() } },
  ]);
  await service.stop();
});
