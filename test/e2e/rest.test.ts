import { beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { ROUTES } from "../../src/rest/routes.ts";
import { recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { anomalyOn, judge, newMember } from "../support/incidents.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();
let token: string;
let incident: string;
const start = Math.floor(Date.now() / 600_000) * 600_000 - 20 * 60_000;
const range = `from=${new Date(start).toISOString()}&to=${new Date(start + 300_000).toISOString()}`;
const hosts = ["eu", "us"].map(
  (region, index) =>
    new TestHost({
      name: `web-${index}`,
      labels: { role: "web", region },
      names: ["TcpPassiveOpens", "TcpExtListenOverflows", "TcpExtListenDrops"],
    }),
);

beforeAll(async () => {
  token = await service.token("read", "admin");
  incident = await withStore(service.databaseUrl, async ({ db }) => {
    const member = await newMember(db, "old-1");
    const startedAt = start + 60_000;
    const { incidentId } = await judge(db, {
      hosts: [member],
      startedAt,
      judgedAt: startedAt + 60_000,
      diagnosis: {
        cause: "APPLICATION_SLOW",
        contributing: [],
        severity: "MAJOR",
        confidence: 0.8,
        summary: "nginx accepts too slowly.",
        evidence: [
          {
            statement: "ListenOverflows rose by 30.",
            counter: "TcpExtListenOverflows",
            value: 30,
            listener: null,
          },
        ],
        remedies: ["Add workers."],
      },
    });
    await recordAnomalies(db, [anomalyOn(member, { startedAt })]);
    return `incident_${incidentId}`;
  });
  const matchers = [{ name: "role", value: "cache" }];
  await change("POST", "/silences", { matchers, duration: "7d", comment: "being replaced" });
  const socket = { inode: "7", address: "0.0.0.0", port: 8080, limit: 4, acceptQueue: 5, owner: "node" };
  const sections = hosts.map((host, index) =>
    host.section(
      Array.from({ length: 31 }, (_, tick) =>
        host.snapshot(start + tick * 10_000, [tick * 10, tick * (index + 1), tick * (index + 1)], {
          listeners: {
            source: "ss",
            samples: 1,
            sockets: [{ ...socket, peakQueue: 5, samplesFull: 1, drops: tick * (index + 1) }],
          },
        }),
      ),
    ),
  );
  await service.pushed(push(...sections));
  await service.graphql('mutation { recordEvent(input: {kind: "DEPLOY", title: "shop 1.42"}) { id } }');
  await waitFor("the rollups", async () => {
    const { data } = await service.graphql("{ system { rollup { pendingMarks } } hosts { totalCount } }");
    return data.system.rollup.pendingMarks === 0 && data.hosts.totalCount === 3;
  });
});

function request(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${service.url}/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
}

/** A request with a body, by a token that may operate. */
async function change(method: string, path: string, body?: unknown) {
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await service.token("operate")}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as { readonly id: string } };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is the route's, and held against its schema
async function get(path: string): Promise<any> {
  const response = await request(path);
  const body = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
}

/** A request of each route that reads. */
const READS: Readonly<Record<string, string>> = {
  listHosts: "/hosts?match=region=eu",
  getHost: "/hosts/web-0",
  getHostRates: `/hosts/web-0/rates?counter=ListenOverflows&counter=PassiveOpens&${range}`,
  listLabels: "/labels",
  getTrend: `/trend?counter=ListenOverflows&step=1m&groupBy=region&match=role=web&${range}`,
  getHandshakes: `/handshakes?step=1m&${range}`,
  getTop: `/top?counter=ListenDrops&by=LISTENER&${range}`,
  getHeatmap: `/heatmap?counter=ListenOverflows&step=1m&${range}`,
  listListeners: `/listeners?port=8080&minPeakFill=0.5&${range}`,
  listIncidents: "/incidents?status=OPEN&status=ACKNOWLEDGED&match=role=web&last=1h",
  getIncident: "/incidents/INCIDENT",
  getReport: "/report?last=2h",
  listAnomalies: "/anomalies?host=old-1&open=true",
  listSilences: "/silences",
  listTokens: "/tokens",
  listAudit: "/audit?first=10",
  listEvents: "/events?kind=DEPLOY&match=role=web",
  listCounters: "/counters?search=overflow",
  getCounter: "/counters/ListenOverflows",
  getStorage: "/storage",
};

describe("each route", () => {
  const reading = ROUTES.filter(({ method }) => method === "get");

  test.for(reading)(
    "$operationId answers as its schema says, and as a table where it is one",
    async (route) => {
      const path = READS[route.operationId]?.replace("INCIDENT", incident);
      if (path === undefined) throw new Error(`READS has no request of ${route.operationId}`);
      const answer = route.answer as z.ZodType;
      expect(answer.safeParse(await get(path)).error?.issues).toBeUndefined();

      const asked = await request(`${path}${path.includes("?") ? "&" : "?"}format=rows`);
      if (route.rows === undefined) {
        expect(await asked.json()).toMatchObject({
          code: "BAD_REQUEST",
          detail: expect.stringMatching(/is no table/),
        });
        return;
      }
      const rows = (await asked.json()) as unknown[];
      expect(rows.length).toBeGreaterThan(0);
      const csv = await (await request(path, { headers: { accept: "text/csv" } })).text();
      expect(csv.split("\r\n").length).toBeGreaterThan(rows.length);
    },
  );

  test("is in the OpenAPI document that the service serves", async () => {
    const { paths, info } = await get("/openapi.json");
    expect(info.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Object.values<object>(paths).flatMap((path) => Object.keys(path))).toHaveLength(ROUTES.length);
  });
});

describe("the figures", () => {
  test("of a trend are those of GraphQL, by group, with exact totals", async () => {
    const { series } = await get(READS.getTrend ?? "");
    const { data } = await service.graphql(
      `{ fleet(filter: {labels: [{name: "role", value: "web"}]}) { trend(counter: "ListenOverflows", step: "1m", groupBy: ["region"],
          range: {from: "${new Date(start).toISOString()}", to: "${new Date(start + 300_000).toISOString()}"}) {
        counter labels unit start step values total } } }`,
    );
    expect(series).toEqual(data.fleet.trend);
    expect(series.map(({ labels, total }: { labels: object; total: string }) => [labels, total])).toEqual([
      [{ region: "eu" }, "29"],
      [{ region: "us" }, "58"],
    ]);
  });

  test("as rows have a time, a value and labels; NDJSON has them a line each", async () => {
    const path = `${READS.getTrend}&measure=INCREASE`;
    const rows = await get(`${path}&format=rows`);
    expect(rows).toHaveLength(10);
    expect(rows[1]).toEqual({
      time: new Date(start + 60_000).toISOString(),
      value: 6,
      counter: "TcpExtListenOverflows",
      labels: { region: "eu" },
    });
    const ndjson = await request(path, { headers: { accept: "application/x-ndjson" } });
    expect(ndjson.headers.get("content-type")).toMatch("application/x-ndjson");
    expect(
      (await ndjson.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(rows);
    const csv = await request(`${path}&format=csv`);
    expect(csv.headers.get("content-type")).toMatch("text/csv");
    expect((await csv.text()).split("\r\n").slice(0, 2)).toEqual([
      "time,value,counter,label_region",
      `${new Date(start).toISOString()},5,TcpExtListenOverflows,eu`,
    ]);
  });

  test("of ten thousand steps come as one column", async () => {
    const week = 7 * 24 * 3_600_000;
    const { series } = await get(
      `/trend?counter=ListenOverflows&step=1m&from=${new Date(start + 300_000 - week).toISOString()}&to=${new Date(start + 300_000).toISOString()}`,
    );
    expect(series).toHaveLength(1);
    expect(series[0].values).toHaveLength(10_080);
    expect([series[0].values.at(-1) > 0, series[0].total]).toEqual([true, "87"]);
  });

  test("of top name the listener with what is put down to it", async () => {
    const { top } = await get(READS.getTop ?? "");
    expect(top[0]).toMatchObject({
      host: "web-1",
      labels: { region: "us" },
      listener: "0.0.0.0:8080",
      owner: "node",
      increase: null,
      drops: 58,
    });
  });

  test("of handshakes have a share with its range", async () => {
    const { accepted, share, low, high, loss } = await get(READS.getHandshakes ?? "");
    expect(accepted).toBe("580");
    expect([low < share, share < high]).toEqual([true, true]);
    expect(loss).toHaveLength(1);
  });

  test("of a page lead to the next", async () => {
    const first = await get("/hosts?first=1");
    const second = await get(`/hosts?first=1&after=${first.next}`);
    expect([first.totalCount, first.hosts[0].name, second.hosts[0].name]).toEqual([3, "old-1", "web-0"]);
    expect((await get("/hosts?first=3")).next).toBeNull();
  });
});

describe("changes", () => {
  test("of an incident are told in its timeline, and refused where it is not in their state", async () => {
    expect(await change("POST", `/incidents/${incident}/acknowledge`, { note: "on it" })).toMatchObject({
      status: 200,
      body: { id: incident, status: "ACKNOWLEDGED", acknowledgedBy: "operate" },
    });
    expect(await change("POST", `/incidents/${incident}/acknowledge`, {})).toMatchObject({
      status: 409,
      body: { code: "CONFLICT" },
    });
    await change("POST", `/incidents/${incident}/annotate`, { note: "restarted one of them" });
    await change("POST", `/incidents/${incident}/rate`, { useful: false });
    const { diagnosis, timeline, useful } = await get(`/incidents/${incident}`);
    expect([useful, diagnosis.evidence[0].counter, diagnosis.remedies]).toEqual([
      false,
      "TcpExtListenOverflows",
      ["Add workers."],
    ]);
    const texts = timeline.map(({ text }: { text: string }) => text).join(" ");
    expect(texts).toMatch(/on it/);
    expect(texts).toMatch(/restarted one of them/);
    expect(await change("POST", "/incidents/incident_999999/resolve", {})).toMatchObject({ status: 404 });
    expect(await change("POST", `/incidents/${incident}/rate`, {})).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/useful/) },
    });
  });

  test("of silences begin and end them", async () => {
    const matchers = [{ name: "role", value: "web" }];
    const made = await change("POST", "/silences", { matchers, duration: "2h", comment: "deploy" });
    expect(made).toMatchObject({ status: 201, body: { active: true, createdBy: "operate" } });
    expect(await change("DELETE", `/silences/${made.body.id}`)).toMatchObject({ body: { active: false } });
    const nightly = { zone: "Europe/Berlin", days: ["SAT", "SUN"], from: "23:00", to: "04:00" };
    const recurring = { matchers, window: nightly, maintenance: true, comment: "backups" };
    const window = await change("POST", "/silences", recurring);
    expect(window).toMatchObject({ status: 201, body: { window: nightly, maintenance: true, until: null } });
    await change("DELETE", `/silences/${window.body.id}`);
    expect(await change("POST", "/silences", { matchers, comment: "for ever" })).toMatchObject({
      status: 400,
    });
    const reader = await request("/silences", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ matchers, duration: "1h", comment: "no" }),
    });
    expect(reader.status).toBe(403);
  });

  test("of tokens tell a secret once", async () => {
    const admin = (method: string, path: string, body?: object) =>
      request(path, {
        method,
        headers: { "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const made = await admin("POST", "/tokens", { name: "ci", scopes: ["operate"], expiresIn: "90d" });
    expect(made.status).toBe(201);
    const { secret, token: ci } = (await made.json()) as { secret: string; token: { id: string } };
    const holds = () =>
      fetch(`${service.url}/v1/silences`, { method: "POST", headers: { authorization: `Bearer ${secret}` } });
    // It is let in, and then told that its body is none.
    expect((await holds()).status).toBe(400);
    expect(JSON.stringify(await get("/tokens"))).not.toContain(secret);
    expect((await admin("POST", `/tokens/${ci.id}/rotate`, { overlap: "1h" })).status).toBe(201);
    expect(await (await admin("DELETE", `/tokens/${ci.id}`)).json()).toEqual({ revoked: true });
    await waitFor("the end of the token", async () => (await holds()).status === 401);
    const { audit } = await get("/audit?first=3");
    expect(audit.map(({ action }: { action: string }) => action)).toEqual([
      "token.revoke",
      "token.rotate",
      "token.create",
    ]);
  });

  test("are in the report for who takes over", async () => {
    await change("POST", "/silences", {
      matchers: [{ name: "role", value: "db" }],
      duration: "2h",
      comment: "backup",
    });
    const { causes, noisyKeys, expiringSilences, worstListeners, handshakes } = await get("/report?last=2h");
    // What the service has found of the fleet itself may stand beside it.
    const slow = causes.find(({ cause }: { cause: string }) => cause === "APPLICATION_SLOW");
    expect(slow.incidents.map(({ id }: { id: string }) => id)).toContain(incident);
    expect(slow.unresolved).toBeGreaterThanOrEqual(1);
    expect(noisyKeys).toContainEqual(expect.objectContaining({ dedupKey: "web slow", calledNoise: 1 }));
    expect(expiringSilences).toMatchObject([{ comment: "backup" }]);
    expect(worstListeners[0]).toMatchObject({ host: "web-1", listener: "0.0.0.0:8080" });
    expect(handshakes.accepted).toBe("600");
  });
});

describe("what is cacheable", () => {
  test("has an ETag, and is not sent again", async () => {
    for (const path of ["/counters", "/openapi.json"]) {
      const response = await request(path);
      const etag = response.headers.get("etag") ?? "";
      expect(response.headers.get("cache-control")).toBe("private, no-cache");
      // Without its own Cache-Control, fetch asks for the whole with every If-None-Match.
      const again = await request(path, { headers: { "if-none-match": etag, "cache-control": "max-age=0" } });
      expect([again.status, await again.text()], path).toEqual([304, ""]);
    }
    expect((await request("/hosts")).headers.get("cache-control")).toBe("no-store");
  });
});
