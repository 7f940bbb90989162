import { expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService({ env: { SPILLWAY_RAW_RETENTION: "3d", SPILLWAY_MINUTE_RETENTION: "14d" } });
const HOUR = 3_600_000;

function get(path: string, token: string | null, headers: Record<string, string> = {}): Promise<Response> {
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${service.url}${path}`, { headers: { ...authorization, ...headers } });
}

test("GET /v1/storage says what each resolution takes, and nothing that cannot be told yet", async () => {
  const host = new TestHost();
  const now = Date.now();
  const snapshots = Array.from({ length: 60 }, (_, tick) =>
    host.snapshot(now - HOUR + tick * 10_000, [tick, tick, 0]),
  );
  await service.pushed(push(host.section(snapshots)));
  // A report is shown for ten seconds: all that it is to tell is there before it is asked for.
  await waitFor("the rollups, and that the host was heard of", async () => {
    const { data } = await service.graphql("{ fleet { reportingCount } system { rollup { pendingMarks } } }");
    return data.system.rollup.pendingMarks === 0 && data.fleet.reportingCount === 1;
  });
  const token = await service.token("read");
  const response = await get("/v1/storage", token);
  expect([
    response.status,
    response.headers.get("content-type"),
    response.headers.get("cache-control"),
  ]).toEqual([200, "application/json; charset=utf-8", "no-store"]);
  const body = (await response.json()) as {
    at: string;
    bytes: number;
    unreadable: unknown;
    resolutions: ({ name: string; bytes: number; oldest: string | null } & Record<string, unknown>)[];
  };
  expect(body).toMatchObject({
    hosts: 1,
    bytesPerDay: null,
    bytesWhenFull: null,
    freeBytes: null,
    exceedsDisk: null,
  });
  expect(Math.abs(Date.parse(body.at) - now)).toBeLessThan(60_000);
  expect(body.resolutions.map(({ name, retention }) => [name, retention])).toEqual([
    ["raw", "6h"],
    ["compacted", "3d"],
    ["minutes", "14d"],
    ["hours", "400d"],
    ["gauges", "400d"],
    ["listeners", "14d"],
    ["facts", null],
    ["queue", null],
  ]);
  const [raw] = body.resolutions;
  expect(raw).toMatchObject({
    bytesPerDay: null,
    summary: "what 6h of raw snapshots will take cannot be told yet",
  });
  expect(raw?.bytes).toBeGreaterThan(8_192);
  const beganAt = Math.floor((now - HOUR) / HOUR) * HOUR;
  expect(raw?.oldest).toBe(new Date(beganAt).toISOString());

  expect(body.unreadable).toEqual({ hours: 0, since: null, example: null });

  const fields = "name bytes oldest newest retention bytesPerDay bytesWhenFull bytesPerSample summary";
  const { data } = await service.graphql(
    `{ system { storage { at bytes bytesPerDay bytesWhenFull freeBytes exceedsDisk hosts unreadable { hours since example } resolutions { ${fields} } } } }`,
  );
  // Of one look, which both show for ten seconds.
  if (data.system.storage.at === body.at) expect(data.system.storage).toEqual(body);
  expect(Object.keys(data.system.storage).sort()).toEqual(Object.keys(body).sort());
});

test("needs a token with the scope read; faults are problems", async () => {
  const problem = async (response: Response) => [
    response.status,
    response.headers.get("content-type"),
    ((await response.json()) as { code: string }).code,
  ];
  const json = "application/problem+json; charset=utf-8";
  expect(await problem(await get("/v1/storage", null))).toEqual([401, json, "UNAUTHENTICATED"]);
  expect(await problem(await get("/v1/storage", "spw_no"))).toEqual([401, json, "UNAUTHENTICATED"]);
  const ingest = await service.token("ingest", "operate", "admin");
  expect(await problem(await get("/v1/storage", ingest))).toEqual([403, json, "FORBIDDEN"]);
  const read = await service.token("read");
  expect(await problem(await get("/v1/nothing", read))).toEqual([404, json, "NOT_FOUND"]);
});
