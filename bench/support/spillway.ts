/** The built service as it runs in production: `serve` and `work` as processes of their own, on a durable Postgres. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startEmbeddedPostgres } from "../../src/embedded/embedded-postgres.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { migrate } from "../../src/store/migrate.ts";
import { keepToken, newSecret } from "../../src/store/tokens.ts";
import { waitFor } from "../../test/support/wait.ts";
import { familyCpuMs, familyMb, processCpuMs } from "./cpu.ts";
import type { Started, Workshop } from "./workshop.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** As the image and `npm start` have it. */
const FLAGS = ["--max-semi-space-size=64"];
const log = { info: () => undefined, warn: () => undefined };

export interface Database {
  readonly url: string;
  readonly store: Store;
  /** CPU of all its processes so far, in ms. */
  cpuMs(): number;
  /** Memory of all its processes, in MB; what they share counts once. */
  memoryMb(): number;
  stop(): Promise<void>;
}

export interface Spillway {
  readonly port: number;
  readonly ingestToken: string;
  readonly readToken: string;
  readonly serve: Started;
  /** CPU of `serve` so far, in ms. */
  cpuMs(): number;
  graphql(query: string, variables?: object): Promise<unknown>;
}

export async function startDatabase(shop: Workshop): Promise<Database> {
  const server = await startEmbeddedPostgres({ dataDir: shop.newFolder("spillway"), log });
  let running = true;
  void server.exited.then(() => {
    running = false;
  });
  shop.atEnd(
    () => server.stop(),
    () => {
      if (running) process.kill(server.pid, "SIGQUIT");
    },
  );
  await migrate({ url: server.url, log });
  const store = openStore({
    url: server.url,
    poolSize: 4,
    statementTimeoutMs: 600_000,
    applicationName: "bench",
    onError: () => undefined,
  });
  shop.atEnd(() => store.close());
  return {
    url: server.url,
    store,
    cpuMs: () => familyCpuMs(server.pid),
    memoryMb: () => familyMb(server.pid),
    stop: async () => {
      await store.close();
      await server.stop();
    },
  };
}

/**
 * @param node flags for Node, such as --cpu-prof
 * @param env settings besides the usual ones
 */
export async function startServe(
  shop: Workshop,
  database: Database,
  node: readonly string[] = [],
  env: Settings = {},
): Promise<Spillway> {
  const serve = startRole(shop, database, "serve", node, env);
  const port = await waitFor(
    "the service to be ready",
    () => {
      if (serve.child.exitCode !== null) throw new Error(serve.output());
      return Number(/Address +http:\S+:([0-9]+)/.exec(serve.output())?.[1]);
    },
    { timeoutMs: 60_000 },
  );
  const [ingestToken, readToken] = [newSecret(), newSecret()];
  await keepToken(database.store.db, ingestToken, { name: "bench", scopes: ["ingest"] });
  await keepToken(database.store.db, readToken, { name: "bench", scopes: ["read"] });
  return {
    port,
    ingestToken,
    readToken,
    serve,
    cpuMs: () => processCpuMs(serve.pid),
    graphql: async (query, variables) => {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${readToken}` },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = (await response.json()) as { data?: unknown; errors?: { message: string }[] };
      if (errors !== undefined)
        throw new Error(`GraphQL: ${errors.map(({ message }) => message).join("; ")}`);
      return data;
    },
  };
}

/** The worker, which rolls up. */
export function startWork(shop: Workshop, database: Database, env: Settings = {}): Started {
  return startRole(shop, database, "work", [], env);
}

type Settings = Readonly<Record<string, string>>;

function startRole(
  shop: Workshop,
  database: Database,
  role: string,
  node: readonly string[],
  env: Settings,
): Started {
  if (!existsSync(MAIN)) throw new Error(`there is no ${MAIN}: npm run build`);
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(SPILLWAY_|DATABASE_URL$|REDIS_URL$|NODE_)/.test(name),
  );
  return shop.start(process.execPath, [...FLAGS, ...node, MAIN, role], {
    env: {
      ...Object.fromEntries(own),
      DATABASE_URL: database.url,
      SPILLWAY_PORT: "0",
      SPILLWAY_LOG_LEVEL: "warn",
      SPILLWAY_DATA_DIR: shop.newFolder(role),
      // What is measured is what the service does, not what it lets one token do.
      SPILLWAY_RATE_LIMIT: "0",
      SPILLWAY_RATE_LIMIT_INGEST: "0",
      ...env,
    },
  });
}
