/** The service's own metrics, and for who may read the fleet's. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { makeToken, type Service, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

let service: Service;
let database: string;
let token: string;

beforeAll(async () => {
  database = await createDatabase(inject("postgresUrl"));
  const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  service = await startService({ databaseUrl });
  token = await makeToken(databaseUrl, "read");
});
afterAll(async () => {
  await service.stop();
  await dropDatabase(inject("postgresUrl"), database);
});

const metrics = (query: string, headers: Record<string, string>) =>
  fetch(`${service.url}/metrics${query}`, { headers });

test("for a stranger the service's own, and nothing of the fleet", async () => {
  const answer = await metrics("", {});
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    expect.stringMatching(/^text\/plain; version=0\.0\.4/),
  ]);
  const text = await answer.text();
  expect(text).toMatch(/^spillway_process_cpu_seconds_total /m);
  expect(text).not.toMatch(/spillway_fleet/);
});

test("for who may read the fleet by a label, as OpenMetrics where that is asked for", async () => {
  const host = new TestHost({
    name: "web-1",
    names: ["TcpPassiveOpens", "TcpExtListenOverflows"],
    labels: { role: "web", region: "eu" },
  });
  // Overflows throughout the minute that is over and the one that is not, whichever of them is asked about.
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const snapshots = Array.from({ length: 30 }, (_, tick) =>
    host.snapshot(now - (29 - tick) * 10_000, [tick * 100, tick * 20]),
  );
  await service.pushed(push(host.section(snapshots)));
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: "application/openmetrics-text;version=1.0.0",
  };
  let text = "";
  await waitFor("the fleet's metrics", async () => {
    const answer = await metrics("?by=region", headers);
    expect(answer.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    text = await answer.text();
    return (
      /^spillway_fleet_handshake_loss_ratio\{/m.test(text) &&
      /^spillway_fleet_listen_overflows_per_second\{/m.test(text)
    );
  });
  expect(text).toMatch(/^spillway_fleet_listen_overflows_per_second\{region="eu"\} 2$/m);
  for (const bound of ["low", "estimate", "high"]) {
    expect(text).toMatch(
      new RegExp(`^spillway_fleet_handshake_loss_ratio\\{region="eu",bound="${bound}"\\} 0\\.\\d+$`, "m"),
    );
  }
  expect(text.endsWith("# EOF\n")).toBe(true);
  expect(text.match(/# EOF/g)).toHaveLength(1);
});

test("a label that is none is refused", async () => {
  const answer = await metrics("?by=no%20label", { Authorization: `Bearer ${token}` });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/no name of a label/);
});
