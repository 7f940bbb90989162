import { expect, test } from "vitest";
import { judge, newMember } from "../support/incidents.ts";
import { startOnOwnDatabase } from "../support/own-database-service.ts";
import { withStore } from "../support/service.ts";

test("an incident is shown with its link, and acknowledged by who may", async () => {
  const service = await startOnOwnDatabase();
  try {
    const { incidentId } = await withStore(service.databaseUrl, async ({ db }) =>
      judge(db, { hosts: [await newMember(db, "web-1")] }),
    );
    const id = `incident_${incidentId}`;
    const { data } = await service.graphql(
      "{ incidents(filter: {status: [OPEN]}) { edges { node { id url hostNames } } } }",
    );
    const url = `${service.url}/incidents/${incidentId}`;
    expect(data.incidents.edges).toEqual([{ node: { id, url, hostNames: ["web-1"] } }]);

    const acknowledge = `mutation { acknowledgeIncident(id: "${id}", note: "on it") { status } }`;
    const refused = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await service.token("read")}` },
      body: JSON.stringify({ query: acknowledge }),
    });
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect(await service.graphql(acknowledge)).toEqual({
      data: { acknowledgeIncident: { status: "ACKNOWLEDGED" } },
    });
    expect(await service.graphql(acknowledge)).toMatchObject({
      errors: [{ extensions: { code: "CONFLICT" } }],
    });

    const { data: after } = await service.graphql(`{ incident(id: "${id}") { acknowledgedBy } }`);
    expect(after.incident).toEqual({ acknowledgedBy: "read+operate+admin" });
  } finally {
    await service.close();
  }
});
