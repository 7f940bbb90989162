/** What anybody may read of a service that is not ready, and what its own metrics are told with. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler } from "express";
import { afterEach, describe, expect, test } from "vitest";
import { asSpillwayError, problemOf, SpillwayError } from "../../../src/errors.ts";
import type { Sources } from "../../../src/graphql/context.ts";
import type { Access } from "../../../src/http/access.ts";
import { createHealthApp } from "../../../src/http/health-app.ts";
import { metricsRoutes } from "../../../src/http/metrics.ts";
import type { Actor } from "../../../src/store/tokens.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";

const servers: Server[] = [];
const log = createLog("silent");

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function ask(app: express.Express, path: string): Promise<{ status: number; text: string }> {
  const server = createServer(app).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  return { status: response.status, text: await response.text() };
}

test("/readyz names nobody and no machine: what the driver says is for the log", async () => {
  const checks = {
    database: () => Promise.reject(new Error('no pg_hba.conf entry for "ann" at db-7.internal:5432')),
    migrations: () => Promise.reject(new SpillwayError("UNAVAILABLE", "not applied: 2")),
    queue: async () => undefined,
  };
  const logged: unknown[] = [];
  const watched = { warn: (fields: object) => logged.push(fields) } as unknown as typeof log;
  const app = createHealthApp({ metrics: new Metrics(), checks, stopping: () => false, log: watched });
  const { status, text } = await ask(app, "/readyz");
  expect([status, JSON.parse(text)]).toEqual([
    503,
    {
      status: "not ready",
      checks: { database: "unreachable", migrations: "not applied: 2", queue: "ok" },
    },
  ]);
  expect(logged).toMatchObject([
    { err: { message: expect.stringMatching(/db-7/) } },
    { check: "migrations" },
  ]);
});

describe("/metrics", () => {
  const reader: Actor = { kind: "token", id: "1", name: "prometheus", scopes: ["read"] };
  const unreachable = new Error("connect ECONNREFUSED 10.0.0.7:5432");
  const sources = {
    fleet: { read: () => Promise.reject(unreachable) },
    now: () => Date.UTC(2026, 10, 22, 12),
    reader: {},
  } as unknown as Sources;
  const problems: ErrorRequestHandler = (thrown, _request, response, _next) => {
    response.status(problemOf(asSpillwayError(thrown)).status).end();
  };

  function metricsOf(actorOf: () => Promise<Actor | null>, query = "") {
    const fleet = { sources, access: { actorOf } as unknown as Access, log };
    return ask(
      express()
        .use(metricsRoutes({ metrics: new Metrics(), fleet }))
        .use(problems),
      `/metrics${query}`,
    );
  }

  test.for([
    ["who asks cannot be known", () => Promise.reject(unreachable)],
    ["the fleet cannot be read", async () => reader],
  ] as const)("has the service's own while %s", async ([, actorOf]) => {
    const { status, text } = await metricsOf(actorOf);
    expect(status).toBe(200);
    expect(text).toMatch(/^# TYPE spillway_live_sockets gauge$/m);
    expect(text).not.toMatch(/spillway_fleet/);
  });

  test("is refused for a label that is none, and to who asks too often", async () => {
    expect((await metricsOf(async () => reader, "?by=%25")).status).toBe(400);
    const tooOften = () => Promise.reject(new SpillwayError("RATE_LIMITED", "too often"));
    expect((await metricsOf(tooOften)).status).toBe(429);
  });
});
