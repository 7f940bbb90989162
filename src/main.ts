/**
 * The composition root. Roles that run: `all` (default), `serve`, `work`, and `demo`, which is `all` with a fleet that
 * does not exist; those that come and go are in commands/run.ts.
 *
 * Read `runService` for the architecture: what the service is made of, in the order in which it starts;
 * it stops in the reverse.
 */
import "./production.ts";
import { writeSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Lifecycle, stopOnSignals } from "./app.ts";
import { localUrl, remoteUrl } from "./commands/addresses.ts";
import { explainDatabase } from "./commands/database.ts";
import { demoEnvironment, makeDemoFolder, parseDemoWords, writeDemoHistory } from "./commands/demo.ts";
import { keepDetectionFile } from "./commands/detection-file.ts";
import { Drills } from "./commands/drills.ts";
import { keepLabelRules } from "./commands/labels-file.ts";
import { startLocalAgent } from "./commands/local-agent.ts";
import { keepReceivers } from "./commands/receivers-file.ts";
import { runCommand } from "./commands/run.ts";
import { ensureTokenFiles, type TokenFiles } from "./commands/token-files.ts";
import { welcomeText } from "./commands/welcome.ts";
import { type Config, readConfig } from "./config.ts";
import { Demo } from "./demo/demo.ts";
import { startEmbeddedPostgres } from "./embedded/embedded-postgres.ts";
import { asSpillwayError } from "./errors.ts";
import type { Sources } from "./graphql/context.ts";
import { openLive } from "./graphql/live.ts";
import { createGraphqlServer } from "./graphql/server.ts";
import { SubscriptionServer } from "./graphql/subscription-server.ts";
import { Access } from "./http/access.ts";
import { createApp } from "./http/app.ts";
import { openLimitsRedis } from "./http/limits-redis.ts";
import { Proxies } from "./http/proxies.ts";
import { openPushDoor } from "./http/push-door.ts";
import { RateLimits } from "./http/rate-limits.ts";
import { closeServer, createHttpServer, listen } from "./http/server.ts";
import { socketCredential } from "./http/socket-credential.ts";
import { keepTls, readTls } from "./http/tls.ts";
import { Admission } from "./ingest/admission.ts";
import { Facts } from "./ingest/facts.ts";
import { GroupCommit } from "./ingest/group-commit.ts";
import { otlpHandler } from "./ingest/otlp/handler.ts";
import { Presence } from "./ingest/presence.ts";
import { Registry } from "./ingest/registry.ts";
import { remoteWriteHandler } from "./ingest/remote-write/handler.ts";
import { Senders } from "./ingest/samples/senders.ts";
import { snapshotsHandler } from "./ingest/snapshots/handler.ts";
import { openQueueBackend } from "./jobs/connection.ts";
import { closeQueues, openQueues, queueCounts } from "./jobs/queues.ts";
import { startWorkers } from "./jobs/worker.ts";
import { Announcer } from "./live/announcer.ts";
import { LiveBus } from "./live/bus.ts";
import { listReceivers } from "./notify/directory.ts";
import { testReceiver } from "./notify/test-receiver.ts";
import { Actors } from "./store/actors.ts";
import { openStore } from "./store/client.ts";
import { FleetView } from "./store/fleet-view.ts";
import { SnapshotReader } from "./store/history/snapshot-reader.ts";
import { HostLabelHistory } from "./store/labels/history.ts";
import { LayoutCache } from "./store/layouts.ts";
import { migrate, pendingMigrations } from "./store/migrate.ts";
import { Partitions } from "./store/partitions.ts";
import { LATE_MARGIN_MS } from "./store/retention/policy.ts";
import { createSignInLink } from "./store/sessions.ts";
import { StorageView } from "./store/storage/storage-view.ts";
import { keepToken, newSecret } from "./store/tokens.ts";
import { createLog, type Logger } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { VERSION } from "./version.ts";

const STATEMENT_TIMEOUT_MS = 30_000;
/** Requests under way have this share of the time to stop; then their connections are closed. */
const DRAIN_SHARE = 0.75;
const now = Date.now;

type Role = "all" | "serve" | "work";

/** Starts the service, which then runs until it is stopped. @param demo the simulated fleet; null for a real one */
async function runService(config: Config, role: Role, demo: Demo | null = null): Promise<void> {
  const log = createLog(config.logLevel);
  const life = new Lifecycle(log);
  const signalled = stopOnSignals(life, log);
  try {
    await startParts(config, role, demo, life, log);
  } catch (error) {
    await life.stop();
    // A start that a signal has cut short is no fault; what stopped it exits.
    if (!signalled()) throw error;
  }
}

async function startParts(
  config: Config,
  role: Role,
  demo: Demo | null,
  life: Lifecycle,
  log: Logger,
): Promise<void> {
  const metrics = new Metrics();
  const startedAt = now();
  const notes: string[] = [];
  const tls = config.tls === null || role === "work" ? null : await readTls(config.tls);

  if (demo !== null && config.databaseUrl === null) {
    await makeDemoFolder(config.dataDir);
  }
  const databaseUrl = await life.start("database", async () => {
    if (config.databaseUrl !== null) return { value: config.databaseUrl };
    const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
    notes.push(...postgres.notes);
    void postgres.exited.then(({ expected, message }) => {
      if (expected || life.stopping) return;
      log.fatal(`the embedded Postgres has ended: ${message}`);
      process.exitCode = 1;
      void life.stop().then(() => process.exit());
    });
    return { value: postgres.url, stop: (graceMs) => postgres.stop(graceMs) };
  });
  await life.start("schema", async () => ({
    value: await migrate({ url: databaseUrl, log }).catch(explainDatabase),
  }));

  const { db } = await life.start("store", () => {
    const store = openStore({
      url: databaseUrl,
      poolSize: config.databasePool,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      applicationName: `spillway ${role}`,
      onError: (error) => log.warn({ err: error }, "an idle database connection failed"),
    });
    return { value: store, stop: () => store.close() };
  });
  await life.start("label rules", async () => {
    const stop = await keepLabelRules(config, db, log, now);
    return { value: undefined, stop };
  });
  const detection = await life.start("detection file", async () => {
    const value = await keepDetectionFile(config, log);
    return { value, stop: () => value.stop() };
  });
  const tokenFiles: TokenFiles | null =
    config.databaseUrl === null ? await ensureTokenFiles(db, config.dataDir, now()) : null;
  if (demo !== null) {
    const stopping = () => life.stopping;
    await life.start("history", async () => ({
      value: await writeDemoHistory(demo, { db, config, log, metrics, stopping }),
    }));
    notes.push("Every host here is simulated: a demo. Nothing of it is kept when it ends.");
  }

  const backend = await life.start("queues", async () => {
    const location = config.redisUrl === null ? { databaseUrl } : { redisUrl: config.redisUrl };
    const opened = await openQueueBackend(location, log);
    return { value: opened, stop: () => opened.close() };
  });
  const queues = openQueues(backend);
  await life.start("queue producers", () => ({ value: queues, stop: () => closeQueues(queues) }));

  const announcer = await life.start("announcer", () => {
    const announcing = new Announcer(db, log);
    return { value: announcing, stop: () => announcing.flush() };
  });
  const links = config.publicUrl ?? localUrl(config.listen, config.port, tls);
  const receivers = await life.start("receivers", async () => {
    const kept = await keepReceivers(config, { log, publicUrl: links, now });
    return { value: kept, stop: kept.stop };
  });
  if (role !== "serve") {
    await life.start("workers", async () => {
      const stop = await startWorkers({
        backend,
        queues,
        db,
        announcer,
        log,
        metrics,
        now,
        retention: config.retention,
        forgetting: config.forgetting,
        compactAfterMs: config.compactAfterMs,
        roleLabels: config.roleLabels,
        settings: () => detection.current(),
        notifying: receivers.current,
        publicUrl: links,
      });
      return { value: undefined, stop };
    });
  }
  if (role === "work") {
    log.info({ version: VERSION }, "Spillway's worker is ready");
    return;
  }

  const storage = new StorageView({
    db,
    retention: config.retention,
    compactAfterMs: config.compactAfterMs,
    freeBytes: config.databaseUrl === null ? () => freeBytesOf(config.dataDir) : async () => null,
    now,
  });
  const live = await life.start("live events", () => {
    const bus = new LiveBus(databaseUrl, log);
    const value = openLive({ announcer, bus, log, onLook: () => metrics.liveLooks.inc() });
    const stop = () => {
      value.close();
      return bus.close();
    };
    return { value, stop };
  });
  const fleet = new FleetView(db, now);
  const labelHistory = new HostLabelHistory(db, fleet);
  let port = config.port;
  const here = () => localUrl(config.listen, port, tls);
  const reachableUrl = () => config.publicUrl ?? remoteUrl(config.listen, port, tls);
  const drills = role === "all" ? new Drills({ db, server: here, log, now }) : null;
  const sources: Sources = {
    db,
    storage,
    live,
    reader: new SnapshotReader(new LayoutCache(now)),
    fleet,
    labelsOver: () => labelHistory.over(),
    drills,
    publicUrl: () => config.publicUrl ?? here(),
    now,
    receivers: {
      list: () => listReceivers(db, receivers.current()),
      test: (name) => testReceiver({ db, publicUrl: links, now }, receivers.current(), name),
    },
    system: {
      version: VERSION,
      roles: [role],
      startedAt,
      simulated: demo !== null,
      reachableUrl,
      embeddedDatabase: config.databaseUrl === null,
      queueBackend: backend.kind,
      queueCounts: () => queueCounts(queues),
      rawRetentionMs: config.retention.rawMs,
      forgetting: config.forgetting,
    },
  };
  const actors = new Actors({
    db,
    now,
    onError: (error) => log.warn({ err: error }, "cannot write when a token was last used"),
  });
  // The local agent stops before the HTTP server, and its last push is welcome until then.
  let draining = false;
  const stopping = () => draining;
  const checks = {
    database: async () => {
      await db.$queryRaw`SELECT 1`;
    },
    migrations: async () => {
      const pending = await pendingMigrations(databaseUrl);
      if (pending.length > 0) throw new Error(`not applied: ${pending.join(", ")}`);
    },
    queue: () => backend.ping(),
  };
  const secure = tls !== null || (config.publicUrl?.startsWith("https:") ?? false);
  const { redisUrl, publicUrl } = config;
  const limits = await life.start("rate limits", () => {
    if (redisUrl === null) return { value: new RateLimits(config.rateLimits, null) };
    const { redis, close } = openLimitsRedis(redisUrl, log);
    return { value: new RateLimits(config.rateLimits, redis), stop: close };
  });
  const proxies = new Proxies(config.proxies);
  const access = new Access({ actors, proxies, limits, publicUrl });

  const presence = await life.start("presence", () => {
    const gathering = new Presence(db, log);
    return { value: gathering, stop: () => gathering.flush() };
  });
  const takePush = await life.start("http", async () => {
    const { server, tlsServer, route } = createHttpServer({ tls });
    const apollo = createGraphqlServer({ httpServer: server, log });
    await apollo.start();
    const subscriptions = new SubscriptionServer({
      sources,
      log,
      metrics,
      credentialOf: socketCredential(access),
      countCall: (actor) => limits.call(actor),
    });
    const commit = new GroupCommit({ db, partitions: new Partitions(), log, metrics });
    const taking = {
      db,
      senders: new Senders(),
      registry: new Registry(db),
      commit,
      presence,
      facts: new Facts(db, presence, now),
      admission: new Admission(),
      actors,
      limits,
      addressOf: (request: IncomingMessage) => proxies.addressOf(request),
      log,
      metrics,
      now,
      stopping,
      oldestAcceptedMs: config.retention.rawMs - LATE_MARGIN_MS,
    };
    const ingest = snapshotsHandler({
      ...taking,
      agentConfig: { intervalMs: config.intervalMs, jitterMs: Math.round(config.intervalMs / 2) },
    });
    route(
      {
        "/v1/snapshots": ingest,
        "/api/v1/write": remoteWriteHandler(taking),
        "/v1/metrics": otlpHandler(taking),
      },
      createApp({ sources, access, apollo, log, metrics, stopping, checks, secure, reachableUrl }),
      (request, stream, head) => subscriptions.upgrade(request, stream, head),
    );
    const bound = await listen(server, config.listen, config.port);
    port = bound.port;
    const stopReloads =
      tlsServer === null || config.tls === null ? null : keepTls(tlsServer, config.tls, log);
    return {
      value: ingest,
      stop: async (graceMs) => {
        draining = true;
        await subscriptions.close();
        stopReloads?.();
        await closeServer(server, graceMs * DRAIN_SHARE);
        await apollo.stop();
      },
    };
  });

  if (drills !== null) {
    await life.start("drills", () => ({ value: undefined, stop: (graceMs) => drills.stop(graceMs) }));
  }
  if (role === "all" && config.localAgent && tokenFiles !== null) {
    const server = tls === null ? here() : await life.start("the agent's door", () => openPushDoor(takePush));
    const { ingest } = tokenFiles;
    await life.start("this host's agent", () => ({
      value: undefined,
      stop: startLocalAgent({
        server,
        tokenFile: ingest,
        stateDir: join(config.dataDir, "agent"),
        log,
      }),
    }));
  }

  if (demo !== null) {
    const ingestToken = newSecret();
    await keepToken(db, ingestToken, { name: "simulated agents", scopes: ["ingest"] });
    const server = tls === null ? here() : await life.start("the demo's door", () => openPushDoor(takePush));
    await life.start("simulated agents", () => ({
      value: undefined,
      stop: demo.start({ server, ingestToken, log, now }),
    }));
  }

  const url = publicUrl ?? here();
  const signInUrl = `${url}/sign-in?code=${await createSignInLink(db, now())}`;
  process.stdout.write(
    welcomeText({
      version: VERSION,
      roles: [role],
      url,
      signInUrl,
      dataDir: config.databaseUrl === null ? config.dataDir : null,
      database: config.databaseUrl === null ? "embedded Postgres" : "Postgres of DATABASE_URL",
      queues: backend.kind === "redis" ? "Redis of REDIS_URL" : "in Postgres",
      adminTokenFile: tokenFiles?.admin ?? null,
      // A client that is not given a certificate that signed itself has no way to know it.
      certificateFile: publicUrl === null && tls?.selfSigned === true ? (config.tls?.cert ?? null) : null,
      notes,
    }),
  );
}

/** Bytes that the service may still write on the disk of a folder. */
async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const [role = "all", ...words] = process.argv.slice(2);
async function main(): Promise<void> {
  if (role === "all" || role === "serve" || role === "work") await runService(readConfig(process.env), role);
  else if (role === "demo") {
    const demo = new Demo(parseDemoWords(words), now());
    await runService(readConfig(demoEnvironment(process.env)), "all", demo);
  } else await runCommand(role, words, process.env);
}

main().catch((thrown: unknown) => {
  const error = asSpillwayError(thrown);
  // What a person must change is told in words; a fault of ours with all there is to find it.
  const text = error.code === "INTERNAL" ? ((thrown as Error).stack ?? String(thrown)) : error.message;
  writeSync(2, `spillway: ${text}\n`);
  process.exit(1);
});
