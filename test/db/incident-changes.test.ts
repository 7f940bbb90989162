/** What people change of incidents and silences, as documents of clients say it. */
import { describe, expect } from "vitest";
import { asking } from "../support/graphql.ts";
import { judge, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const NOW = T0 + 60 * MINUTE;
const iso = (time: number) => new Date(time).toISOString();

interface Timeline {
  readonly timeline: {
    readonly edges: readonly { readonly node: { readonly text: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

test("a timeline is read from its newest end too, a page at a time", async ({ store: { db } }) => {
  const { incidentId } = await judge(db);
  const id = `id: "incident_${incidentId}"`;
  const { ask } = asking(db, NOW);
  for (const note of ["one", "two", "three"]) {
    await ask(`mutation { annotateIncident(${id}, note: "${note}") { id } }`);
  }
  const texts: string[] = [];
  let after: string | null = null;
  do {
    const { incident }: { incident: Timeline } = await ask(`{ incident(${id}) {
      timeline(first: 2, newestFirst: true, after: ${JSON.stringify(after)}) {
        edges { node { text } } pageInfo { hasNextPage endCursor }
      }
    } }`);
    const { edges, pageInfo } = incident.timeline;
    texts.push(...edges.map(({ node }) => node.text));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  expect(texts).toEqual(["three", "two", "one", "nginx on web accepts too slowly"]);
});

describe("changes", () => {
  test("of an incident are made by who may", async ({ store: { db } }) => {
    const { incidentId } = await judge(db);
    const id = `id: "incident_${incidentId}"`;
    const { ask, refused } = asking(db, NOW);
    expect(
      await ask(`mutation {
        acknowledgeIncident(${id}, note: "on it") { status acknowledgedBy acknowledgedAt }
        annotateIncident(${id}, note: "more workers") { updatedAt }
        rateIncident(${id}, useful: true) { useful }
        resolveIncident(${id}) { status resolvedAt timeline { edges { node { actor kind text } } } }
      }`),
    ).toEqual({
      acknowledgeIncident: { status: "ACKNOWLEDGED", acknowledgedBy: "test", acknowledgedAt: iso(NOW) },
      annotateIncident: { updatedAt: iso(NOW) },
      rateIncident: { useful: true },
      resolveIncident: {
        status: "RESOLVED",
        resolvedAt: iso(NOW),
        timeline: {
          edges: [
            { node: { actor: "spillway", kind: "OPENED", text: "nginx on web accepts too slowly" } },
            { node: { actor: "test", kind: "ACKNOWLEDGED", text: "on it" } },
            { node: { actor: "test", kind: "NOTE", text: "more workers" } },
            { node: { actor: "test", kind: "RATED", text: "useful" } },
            { node: { actor: "test", kind: "RESOLVED", text: "" } },
          ],
        },
      },
    });
    const reader = asking(db, NOW, ["read"]);
    for (const mutation of [
      `acknowledgeIncident(${id}) { id }`,
      `annotateIncident(${id}, note: "x") { id }`,
      `rateIncident(${id}, useful: true) { id }`,
      `resolveIncident(${id}) { id }`,
      'createSilence(input: {matchers: [], comment: "x"}) { id }',
      'expireSilence(id: "silence_1") { id }',
      'testReceiver(name: "x") { id }',
    ]) {
      const [error] = await reader.refused(`mutation { ${mutation} }`);
      expect(error?.message, mutation).toContain('this needs "operate"');
    }
    for (const [source, message] of [
      [`mutation { acknowledgeIncident(${id}) { id } }`, /is resolved/],
      ['mutation { acknowledgeIncident(id: "incident_999") { id } }', /there is no incident 999/],
      ['mutation { acknowledgeIncident(id: "silence_1") { id } }', /not the id of an incident/],
      ['mutation { expireSilence(id: "silence_9") { id } }', /there is no silence 9/],
      ['mutation { expireSilence(id: "9x") { id } }', /not the id of a silence/],
      ['mutation { testReceiver(name: "pager") { id } }', /there is no receiver "pager"/],
      [
        `{ incidents(after: "${Buffer.from('["a",1]').toString("base64url")}") { edges { cursor } } }`,
        /not one of incidents/,
      ],
      [
        `{ incidents(after: "${Buffer.from("[-1,1]").toString("base64url")}") { edges { cursor } } }`,
        /not one of incidents/,
      ],
      ["{ incidents(first: 501) { edges { cursor } } }", /not a page size/],
    ] as const) {
      const [error] = await refused(source);
      expect(error?.message, source).toMatch(message);
    }
    expect(await ask('{ incident(id: "999") { id } receivers { name } }')).toEqual({
      incident: null,
      receivers: [],
    });
  });

  test("of silences are shown where they hold", async ({ store: { db } }) => {
    const { incidentId } = await judge(db);
    const { ask, refused } = asking(db, NOW);
    const make = (input: string) => `mutation { createSilence(input: {${input}}) {
      id matchers { name op value } from until window { days from to zone } maintenance comment createdBy active changesAt expiredAt } }`;
    const web = 'matchers: [{name: "role", value: "web"}]';
    const { createSilence: restart } = await ask(make(`${web}, duration: "1h", comment: "restart"`));
    expect(restart).toEqual({
      id: expect.stringMatching(/^silence_\d+$/),
      matchers: [{ name: "role", op: "EQ", value: "web" }],
      from: iso(NOW),
      until: iso(NOW + 60 * MINUTE),
      window: null,
      maintenance: false,
      comment: "restart",
      createdBy: "test",
      active: true,
      changesAt: iso(NOW + 60 * MINUTE),
      expiredAt: null,
    });
    // T0 is a Sunday noon.
    const nightly =
      'window: {from: "23:30", to: "01:00", zone: "Europe/Berlin"}, maintenance: true, comment: "nightly"';
    const { createSilence: nights } = await ask(make(`${web}, ${nightly}`));
    expect(nights).toMatchObject({
      until: null,
      window: { days: ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], from: "23:30", to: "01:00" },
      maintenance: true,
      active: false,
      changesAt: "2026-11-22T22:30:00.000Z",
    });
    const list = async (argument: string) => {
      const { silences } = await ask(`{ silences${argument} { comment } }`);
      return silences.map(({ comment }: { comment: string }) => comment);
    };
    const held = async () =>
      (await ask(`{ incident(id: "${incidentId}") { silences { comment } } }`)).incident.silences;
    expect(await held()).toEqual([{ comment: "restart" }]);
    expect([await list(""), await list("(active: true)"), await list("(active: false)")]).toEqual([
      ["nightly", "restart"],
      ["restart"],
      ["nightly"],
    ]);
    const { expireSilence } = await ask(
      `mutation { expireSilence(id: "${restart.id}") { active changesAt expiredAt } }`,
    );
    expect(expireSilence).toEqual({ active: false, changesAt: null, expiredAt: iso(NOW) });
    expect(await held()).toEqual([]);
    expect([await list(""), await list("(active: true)")]).toEqual([["nightly", "restart"], []]);

    for (const [input, message] of [
      [`${web}, comment: "x", until: "${iso(NOW + 1)}", duration: "1h"`, /ends once/],
      [`${web}, comment: "x", window: {from: "24:00", to: "01:00", zone: "UTC"}`, /not a time of day/],
      [`${web}, comment: "x", window: {days: [], from: "23:00", to: "01:00", zone: "UTC"}`, /no days/],
    ] as const) {
      const [error] = await refused(make(input));
      expect(error?.message).toMatch(message);
    }
  });
});
