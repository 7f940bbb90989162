/** What is asked of anomalies, as documents of clients say it. */
import { expect } from "vitest";
import { recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { registerNamespace } from "../../src/store/namespaces.ts";
import { asking } from "../support/graphql.ts";
import { anomalyOn, newMember, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const NOW = T0 + 60 * MINUTE;
const iso = (time: number) => new Date(time).toISOString();

test("anomalies are found by their filter, of the fleet and of a host", async ({ store: { db } }) => {
  const [one, two] = [
    await newMember(db, "web-1", { role: "web" }),
    await newMember(db, "db-1", { role: "db" }),
  ];
  const container = await registerNamespace(
    db,
    one.hostId,
    { kind: "CONTAINER", bootId: "6d1c0de1-0000-4000-8000-000000000000", inode: "1", birth: 1 },
    { containerId: "c", name: "c", labels: { role: "sidecar" } },
  );
  await recordAnomalies(db, [
    anomalyOn(one, { explanation: "a", endedAt: T0 + 5 * MINUTE }),
    anomalyOn(
      { ...one, namespaceId: container },
      { explanation: "b", startedAt: T0 + 1_000, severity: "INFO" },
    ),
    anomalyOn(two, { explanation: "c", startedAt: T0 + 2_000, detector: "silence", counter: null }),
  ]);
  const { ask, refused } = asking(db, NOW);
  const found = async (field: string, filter: string) => {
    const list = `anomalies(filter: {${filter}}) { edges { node { explanation counter { name } } } }`;
    const data = await ask(field === "" ? `{ ${list} }` : `{ ${field} { ${list} } }`);
    const { edges } = (field === "" ? data : data.host).anomalies;
    return edges.map(({ node }: { node: { explanation: string } }) => node.explanation).join("");
  };
  const label = (text: string) => `labels: [{name: "role", ${text}}]`;
  const expected: [filter: string, ofFleet: string, ofHost: string][] = [
    ["", "cba", "ba"],
    ["severity: [INFO]", "b", "b"],
    ['detector: ["silence"]', "c", ""],
    ['counter: "ListenOverflows"', "ba", "ba"],
    ['host: "web-1"', "ba", "ba"],
    [`host: "host_${two.agentId}"`, "c", ""],
    [label('value: "web"'), "a", "a"],
    [label('op: RE, value: "db|side.*"'), "cb", "b"],
    [label('op: NE, value: "web"'), "cb", "b"],
    ["open: true", "cb", "b"],
    ["open: false", "a", "a"],
    [`range: {from: "${iso(T0 + 6 * MINUTE)}", to: "${iso(NOW)}"}`, "cb", "b"],
    [`range: {from: "${iso(T0 - 1)}", to: "${iso(T0 + 1)}"}`, "a", "a"],
  ];
  for (const [filter, ofFleet, ofHost] of expected) {
    const got = [filter, await found("", filter), await found('host(name: "web-1")', filter)];
    expect(got).toEqual([filter, ofFleet, ofHost]);
  }
  for (const [filter, message] of [
    ['counter: "NoSuch"', /no counter "NoSuch"/],
    ['detector: ["\\u0000"]', /has NUL/],
  ] as const) {
    const [error] = await refused(`{ anomalies(filter: {${filter}}) { edges { cursor } } }`);
    expect(error?.message).toMatch(message);
  }
});
