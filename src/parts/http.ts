import type { IncomingMessage, RequestListener } from "node:http";
import type { Sources } from "../graphql/context.ts";
import { createGraphqlServer } from "../graphql/server.ts";
import { SubscriptionServer } from "../graphql/subscription-server.ts";
import type { Access } from "../http/access.ts";
import { createApp } from "../http/app.ts";
import { addListenerMetrics } from "../http/listener-metrics.ts";
import { BACKLOG, closeServer, createHttpServer, listen } from "../http/server.ts";
import { socketCredential } from "../http/socket-credential.ts";
import { keepTls } from "../http/tls.ts";
import { Admission } from "../ingest/admission.ts";
import { Facts } from "../ingest/facts.ts";
import { GroupCommit } from "../ingest/group-commit.ts";
import { otlpHandler } from "../ingest/otlp/handler.ts";
import { Presence } from "../ingest/presence.ts";
import { Registry } from "../ingest/registry.ts";
import { remoteWriteHandler } from "../ingest/remote-write/handler.ts";
import { FillQueue } from "../ingest/samples/fill-queue.ts";
import { Senders } from "../ingest/samples/senders.ts";
import { snapshotsHandler } from "../ingest/snapshots/handler.ts";
import { Partitions } from "../store/partitions.ts";
import { LATE_MARGIN_MS } from "../store/retention/policy.ts";
import type { Database } from "./database.ts";
import type { Health } from "./health.ts";
import type { Service } from "./service.ts";

/** Requests under way have this share of the time to stop; then their connections are closed. */
const DRAIN_SHARE = 0.75;

interface HttpParts {
  readonly database: Database;
  readonly checks: Health["checks"];
  readonly access: Access;
  readonly sources: Sources;
}

/**
 * The HTTP server: pushes, the API, the pages, subscriptions. It listens last, and stops listening first.
 *
 * @returns what takes pushes of agents, for another door
 */
export async function startHttp(service: Service, parts: HttpParts): Promise<RequestListener> {
  const { config, life, log, metrics, addresses, listener, tls } = service;
  const { database, checks, access, sources } = parts;
  const presence = await life.start("presence", () => {
    const value = new Presence(database.db, log);
    return { value, stop: () => value.flush() };
  });
  return life.start("http", async () => {
    // The local agent stops before the HTTP server, and its last push is welcome until then.
    let draining = false;
    const stopping = () => draining;
    const { server, tlsServer, route } = createHttpServer({ tls });
    const apollo = createGraphqlServer({ httpServer: server, log });
    await apollo.start();
    const subscriptions = new SubscriptionServer({
      sources,
      log,
      metrics,
      credentialOf: socketCredential(access),
      countCall: (actor) => access.limits.call(actor),
      openerOf: (request) => access.openerOf(request),
    });
    const pushes = pushHandlers(service, { database, access, presence, stopping });
    const secure = tls !== null || (config.publicUrl?.startsWith("https:") ?? false);
    const reachableUrl = addresses.remote;
    route(
      pushes,
      createApp({ sources, access, apollo, log, metrics, stopping, checks, secure, reachableUrl }),
      (request, stream, head) => subscriptions.upgrade(request, stream, head),
    );
    const { address, port } = await listen(server, config.listen, config.port);
    addresses.port = port;
    await listener.begin({ address, port, backlog: BACKLOG });
    addListenerMetrics(metrics, listener);
    const stopReloads =
      tlsServer === null || tls === null || config.tls === null
        ? null
        : keepTls(tlsServer, tls, config.tls, { log, metrics });
    return {
      value: pushes["/v1/snapshots"],
      stop: async (graceMs) => {
        draining = true;
        await subscriptions.close();
        stopReloads?.();
        await closeServer(server, graceMs * DRAIN_SHARE);
        await apollo.stop();
      },
    };
  });
}

interface PushParts extends Pick<HttpParts, "database" | "access"> {
  readonly presence: Presence;
  readonly stopping: () => boolean;
}

/** What takes in snapshots, by path: from agents, from Prometheus, from collectors of OpenTelemetry. */
function pushHandlers({ config, log, metrics, now }: Service, { database, access, ...parts }: PushParts) {
  const { db } = database;
  const { actors, limits, proxies } = access;
  const { intervalMs } = config;
  const deps = {
    ...parts,
    fill: new FillQueue(db),
    senders: new Senders(),
    registry: new Registry(db),
    commit: new GroupCommit({ db, partitions: new Partitions(), log, metrics }),
    facts: new Facts(db, parts.presence, now),
    admission: new Admission(),
    actors,
    limits,
    addressOf: (request: IncomingMessage) => proxies.addressOf(request),
    log,
    metrics,
    now,
    oldestAcceptedMs: config.retention.rawMs - LATE_MARGIN_MS,
  };
  return {
    "/v1/snapshots": snapshotsHandler({
      ...deps,
      agentConfig: { intervalMs, jitterMs: Math.round(intervalMs / 2) },
    }),
    "/api/v1/write": remoteWriteHandler(deps),
    "/v1/metrics": otlpHandler(deps),
  };
}
