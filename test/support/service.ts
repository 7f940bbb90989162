/** The built service as a process of its own, on a database of the test's. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { PushAnswer } from "../../src/protocol/answer.ts";
import { openStore, type Store } from "../../src/store/client.ts";
import { keepToken, newSecret, type Scope } from "../../src/store/tokens.ts";
import { endOf } from "./end-of.ts";
import { waitFor } from "./wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface ServiceOptions {
  readonly databaseUrl: string;
  readonly role?: "all" | "serve" | "work";
  readonly env?: Readonly<Record<string, string>>;
}

export interface GraphqlAnswer {
  // The shape is the query's: a test names the fields that it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly data: any;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

export interface Service {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything it has written so far, both streams. */
  output(): string;
  token(...scopes: Scope[]): Promise<string>;
  graphql(query: string, variables?: object): Promise<GraphqlAnswer>;
  /** Sends a push; `body` is sent as it is when it is a string or a buffer. */
  push(body: unknown, options?: PushOptions): Promise<Response>;
  /** The answer to a push that must be taken. */
  pushed(body: unknown): Promise<PushAnswer>;
  /** SIGTERM, then waits. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL, then waits. */
  kill(): Promise<void>;
}

export interface PushOptions {
  readonly token?: string | null;
  readonly gzip?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** Starts the service and waits until it is ready. */
export async function startService({
  databaseUrl,
  role = "all",
  env = {},
}: ServiceOptions): Promise<Service> {
  const child = spawn(process.execPath, [MAIN, role], {
    env: {
      ...cleanEnvironment(),
      DATABASE_URL: databaseUrl,
      SPILLWAY_PORT: "0",
      SPILLWAY_LOCAL_AGENT: "0",
      SPILLWAY_LOG_LEVEL: "warn",
      SPILLWAY_DATABASE_POOL: "4",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = endOf(child);
  const token = (...scopes: Scope[]) => makeToken(databaseUrl, ...scopes);
  const ready = async () => ({
    url: role === "work" ? "" : await addressOf(child, () => output),
    admin: await token("read", "operate", "admin"),
    ingest: await token("ingest"),
  });
  const { url, admin, ingest } = await ready().catch((error: unknown) => {
    // Nobody else knows of it.
    child.kill("SIGKILL");
    throw error;
  });

  const service: Service = {
    url,
    process: child,
    output: () => output,
    token,
    graphql: async (query, variables) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${admin}` },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphqlAnswer;
    },
    push: (body, options = {}) => {
      const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const secret = options.token === undefined ? ingest : options.token;
      return fetch(`${url}/v1/snapshots`, {
        method: options.method ?? "POST",
        headers: {
          "content-type": "application/json",
          ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
          ...(options.gzip === true ? { "content-encoding": "gzip" } : {}),
          ...options.headers,
        },
        ...(options.method === "GET" ? {} : { body: options.gzip === true ? gzipSync(text) : text }),
      });
    },
    pushed: async (body) => {
      const response = await service.push(body);
      if (response.status !== 200) throw new Error(`push: ${response.status} ${await response.text()}`);
      return (await response.json()) as PushAnswer;
    },
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
  return service;
}

/** A new token in the database of a service, which need not run. */
export async function makeToken(databaseUrl: string, ...scopes: Scope[]): Promise<string> {
  const secret = newSecret();
  await withStore(databaseUrl, ({ db }) => keepToken(db, secret, { name: scopes.join("+"), scopes }));
  return secret;
}

/** What a test does in a service's database itself. */
export async function withStore<T>(databaseUrl: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore({
    url: databaseUrl,
    poolSize: 2,
    statementTimeoutMs: 10_000,
    applicationName: "test",
    onError: () => undefined,
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Waits until all that was pushed to a service is rolled up: then its old hours are compacted. */
export async function rolledUp(databaseUrl: string): Promise<void> {
  await withStore(databaseUrl, ({ db }) =>
    waitFor(
      "the marks to be gone",
      async () => (await db.$queryRaw<unknown[]>`SELECT FROM ts.mark LIMIT 1`).length === 0,
      { timeoutMs: 120_000 },
    ),
  );
}

/** The environment without settings of a Spillway that the person who runs the tests may have. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith("SPILLWAY_") && name !== "DATABASE_URL" && name !== "REDIS_URL",
    ),
  );
}

async function addressOf(child: ChildProcess, output: () => string): Promise<string> {
  const found = await waitFor(
    "the service to be ready",
    () => {
      if (child.exitCode !== null) return { failed: true } as const;
      const url = /Address +(https?:\S+)/.exec(output())?.[1];
      return url === undefined ? null : ({ failed: false, url } as const);
    },
    { timeoutMs: 60_000 },
  );
  if (found.failed) throw new Error(`the service ended with ${child.exitCode}:\n${output()}`);
  return found.url;
}
