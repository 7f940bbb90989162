import { homedir } from "node:os";
import { join } from "node:path";
import proxyAddr from "proxy-addr";
import { z } from "zod";
import { SpillwayError } from "./errors.ts";
import { parseDuration } from "./protocol/duration.ts";

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  context.addIssue(`"${text}" is not a span of time: write 500ms, 30s, 5m, 2h or 7d`);
  return z.NEVER;
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const flag = z.enum(["0", "1"]).transform((text) => text === "1");
const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "not a Postgres URL: write postgres://user:password@host:5432/database");

const absolutePath = z.string().startsWith("/", "not an absolute path");
const perMinute = z.coerce.number().int().min(0).max(1_000_000_000);
const words = z.string().transform((text) => text.split(/[\s,]+/).filter((word) => word !== ""));
const proxies = words.superRefine((ranges, context) => {
  try {
    if (ranges.length > 0) proxyAddr.compile(ranges);
  } catch (error) {
    context.addIssue(
      `${(error as Error).message}: write addresses or ranges, as 10.0.0.0/8, with commas between`,
    );
  }
});
/** What a person whom a proxy names may be let do. */
const personScopes = words.pipe(
  z.array(
    z.enum(["read", "operate", "admin"], "write scopes of read, operate and admin, with commas between"),
  ),
);

/** Every setting of the service, as environment variables. Units are in the names or written with the value. */
export const configSchema = z.object({
  SPILLWAY_LISTEN: z.string().min(1).default("127.0.0.1"),
  SPILLWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  SPILLWAY_WORK_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SPILLWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SPILLWAY_DATA_DIR: absolutePath.optional(),
  DATABASE_URL: postgresUrl.optional(),
  SPILLWAY_DATABASE_DIRECT_URL: postgresUrl.optional(),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, "not a Redis URL: write redis://host:6379")
    .optional(),
  SPILLWAY_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  SPILLWAY_LOCAL_AGENT: flag.default(true),
  SPILLWAY_INTERVAL: duration.default(10_000),
  SPILLWAY_RAW_RETENTION: duration.default(7 * DAY_MS),
  SPILLWAY_COMPACT_AFTER: duration.default(6 * HOUR_MS),
  SPILLWAY_MINUTE_RETENTION: duration.default(30 * DAY_MS),
  SPILLWAY_HOUR_RETENTION: duration.default(400 * DAY_MS),
  SPILLWAY_CONTAINER_RETENTION: duration.optional(),
  SPILLWAY_FORGET_AFTER: duration.default(30 * DAY_MS),
  SPILLWAY_EPHEMERAL_LABEL: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*=.+$/, "not a label: write name=value")
    .default("ephemeral=true"),
  SPILLWAY_FORGET_EPHEMERAL_AFTER: duration.default(HOUR_MS),
  SPILLWAY_LABELS_FILE: absolutePath.optional(),
  SPILLWAY_DETECTION_FILE: absolutePath.optional(),
  SPILLWAY_RECEIVERS_FILE: absolutePath.optional(),
  SPILLWAY_ROLE_LABELS: words.default(["role", "service"]),
  SPILLWAY_TLS_CERT: absolutePath.optional(),
  SPILLWAY_TLS_KEY: absolutePath.optional(),
  SPILLWAY_TRUSTED_PROXIES: proxies.default([]),
  SPILLWAY_AUTH_PROXY_HEADER: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, "not the name of a header: write one as X-Forwarded-User")
    .optional(),
  SPILLWAY_AUTH_PROXY_SCOPES: personScopes.default(["read"]),
  SPILLWAY_RATE_LIMIT: perMinute.default(6_000),
  SPILLWAY_RATE_LIMIT_INGEST: perMinute.default(600_000),
  SPILLWAY_RATE_LIMIT_STRANGER: perMinute.default(600),
  SPILLWAY_RATE_LIMIT_SIGN_IN: perMinute.default(10),
  SPILLWAY_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
});

export interface Config {
  readonly listen: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where `work` tells of its health; null for nowhere. */
  readonly workPort: number | null;
  /** Where people reach the service, without a trailing slash; null when it is to be guessed from the listener. */
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** Null for the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** The same database past a pooler, for what needs a session: migrations, LISTEN, queues. Null where there is none. */
  readonly databaseDirectUrl: string | null;
  /** Null for queues in Postgres. */
  readonly redisUrl: string | null;
  readonly databasePool: number;
  readonly localAgent: boolean;
  /** What agents are asked to keep between two snapshots, in ms. */
  readonly intervalMs: number;
  /** How long each resolution is kept, in ms: snapshots, minutes, hours; none shorter than the one before it. */
  readonly retention: {
    readonly rawMs: number;
    readonly minuteMs: number;
    readonly hourMs: number;
    /** Containers that have ended: by default as long as hours. */
    readonly containerMs: number;
  };
  readonly forgetting: {
    /** Hosts that were not heard of for so long are forgotten, in ms ... */
    readonly afterMs: number;
    /** ... and those that have this label after so long. */
    readonly ephemeral: { readonly name: string; readonly value: string };
    readonly ephemeralAfterMs: number;
  };
  /** Hours of raw snapshots that ended so long ago are compacted. */
  readonly compactAfterMs: number;
  /** Rules that give labels to hosts; need not be there unless it is named by a setting. */
  readonly labelsFile: string;
  readonly labelsFileNamed: boolean;
  /** Objectives and thresholds, of all hosts and of roles; likewise. */
  readonly detectionFile: string;
  readonly detectionFileNamed: boolean;
  /** Where notifications go; need not be there unless it is named by a setting. */
  readonly receiversFile: string;
  readonly receiversFileNamed: boolean;
  /** Labels that say which hosts do the same work: the first of them that a host has is its role. */
  readonly roleLabels: readonly string[];
  /** Paths of a certificate and its key; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly proxies: {
    /** Addresses and ranges of the proxies before the service. */
    readonly trusted: readonly string[];
    /** In lower case: where a trusted proxy names the person; null when it names none. */
    readonly userHeader: string | null;
    readonly userScopes: readonly ("read" | "operate" | "admin")[];
  };
  /** Requests a minute; 0 sets no limit. */
  readonly rateLimits: {
    readonly api: number;
    readonly ingest: number;
    readonly stranger: number;
    readonly signIn: number;
  };
  readonly logLevel: string;
}

const RAW_RETENTION_MIN_MS = 2 * DAY_MS;
const COMPACT_AFTER_MIN_MS = HOUR_MS;
const FORGET_AFTER_MIN_MS = 10 * 60_000;

/**
 * Whether a variable is one that Kubernetes sets in every pod beside a Service named "spillway": SPILLWAY_PORT, of all
 * names, is then an address.
 *
 * Source: Kubernetes, "Accessing the Service", environment variables.
 */
function isServiceLink(name: string, value: string): boolean {
  if (name === "SPILLWAY_PORT") return /^(tcp|udp|sctp):\/\//.test(value);
  return /^SPILLWAY_(SERVICE_(HOST|PORT)|PORT_[0-9]+_(TCP|UDP|SCTP))(_|$)/.test(name);
}

/**
 * Reads the environment, once.
 *
 * @throws CONFIGURATION with every fault found, one a line
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // An empty value is how compose files and unit files say "not set".
  const set = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && value !== "" && !isServiceLink(name, value),
  );
  const result = configSchema.safeParse(Object.fromEntries(set));
  const faults = result.success ? crossCheck(result.data) : issuesOf(result.error);
  for (const [name] of set) {
    if (
      name.startsWith("SPILLWAY_") &&
      !(name in configSchema.shape) &&
      !/^SPILLWAY_(AGENT_|TOKEN$)/.test(name)
    ) {
      faults.push(
        `${name}: there is no such setting; .env.example lists them all. Secrets of receivers.yml want names that do not begin with SPILLWAY_`,
      );
    }
  }
  if (!result.success || faults.length > 0) {
    throw new SpillwayError("CONFIGURATION", ["the configuration has faults:", ...faults].join("\n  "));
  }
  const env = result.data;
  const dataDir = env.SPILLWAY_DATA_DIR ?? defaultDataDir(environment);
  return {
    listen: env.SPILLWAY_LISTEN,
    port: env.SPILLWAY_PORT,
    workPort: env.SPILLWAY_WORK_PORT ?? null,
    publicUrl: env.SPILLWAY_PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    dataDir,
    databaseUrl: env.DATABASE_URL ?? null,
    databaseDirectUrl: env.SPILLWAY_DATABASE_DIRECT_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    databasePool: env.SPILLWAY_DATABASE_POOL,
    localAgent: env.SPILLWAY_LOCAL_AGENT,
    intervalMs: env.SPILLWAY_INTERVAL,
    retention: {
      rawMs: env.SPILLWAY_RAW_RETENTION,
      minuteMs: env.SPILLWAY_MINUTE_RETENTION,
      hourMs: env.SPILLWAY_HOUR_RETENTION,
      containerMs: env.SPILLWAY_CONTAINER_RETENTION ?? env.SPILLWAY_HOUR_RETENTION,
    },
    forgetting: {
      afterMs: env.SPILLWAY_FORGET_AFTER,
      ephemeral: labelOf(env.SPILLWAY_EPHEMERAL_LABEL),
      ephemeralAfterMs: env.SPILLWAY_FORGET_EPHEMERAL_AFTER,
    },
    compactAfterMs: env.SPILLWAY_COMPACT_AFTER,
    labelsFile: env.SPILLWAY_LABELS_FILE ?? join(dataDir, "labels.yml"),
    labelsFileNamed: env.SPILLWAY_LABELS_FILE !== undefined,
    detectionFile: env.SPILLWAY_DETECTION_FILE ?? join(dataDir, "detection.yml"),
    detectionFileNamed: env.SPILLWAY_DETECTION_FILE !== undefined,
    receiversFile: env.SPILLWAY_RECEIVERS_FILE ?? join(dataDir, "receivers.yml"),
    receiversFileNamed: env.SPILLWAY_RECEIVERS_FILE !== undefined,
    roleLabels: env.SPILLWAY_ROLE_LABELS,
    tls: tlsOf(env),
    proxies: {
      trusted: env.SPILLWAY_TRUSTED_PROXIES,
      userHeader: env.SPILLWAY_AUTH_PROXY_HEADER?.toLowerCase() ?? null,
      userScopes: env.SPILLWAY_AUTH_PROXY_SCOPES,
    },
    rateLimits: {
      api: env.SPILLWAY_RATE_LIMIT,
      ingest: env.SPILLWAY_RATE_LIMIT_INGEST,
      stranger: env.SPILLWAY_RATE_LIMIT_STRANGER,
      signIn: env.SPILLWAY_RATE_LIMIT_SIGN_IN,
    },
    logLevel: env.SPILLWAY_LOG_LEVEL,
  };
}

function labelOf(text: string): { readonly name: string; readonly value: string } {
  const sign = text.indexOf("=");
  return { name: text.slice(0, sign), value: text.slice(sign + 1) };
}

type Environment = z.infer<typeof configSchema>;

function tlsOf({ SPILLWAY_TLS_CERT: cert, SPILLWAY_TLS_KEY: key }: Environment): Config["tls"] {
  return cert === undefined || key === undefined ? null : { cert, key };
}

function crossCheck(env: Environment): string[] {
  const faults: string[] = [];
  if (env.SPILLWAY_DATABASE_DIRECT_URL !== undefined && env.DATABASE_URL === undefined) {
    faults.push("SPILLWAY_DATABASE_DIRECT_URL: set DATABASE_URL, to the pooler before the same database");
  }
  if (env.SPILLWAY_RAW_RETENTION < RAW_RETENTION_MIN_MS) {
    faults.push(
      "SPILLWAY_RAW_RETENTION: at least 2d: a day of it is kept back for late snapshots' predecessors",
    );
  }
  if (env.SPILLWAY_MINUTE_RETENTION < env.SPILLWAY_RAW_RETENTION) {
    faults.push(
      "SPILLWAY_MINUTE_RETENTION: at least SPILLWAY_RAW_RETENTION: a late snapshot would bring back minutes that have gone",
    );
  }
  if (env.SPILLWAY_HOUR_RETENTION < env.SPILLWAY_MINUTE_RETENTION) {
    faults.push(
      "SPILLWAY_HOUR_RETENTION: at least SPILLWAY_MINUTE_RETENTION: hours are made of minutes, and answer when those have gone",
    );
  }
  if ((env.SPILLWAY_CONTAINER_RETENTION ?? Number.POSITIVE_INFINITY) < env.SPILLWAY_MINUTE_RETENTION) {
    faults.push(
      "SPILLWAY_CONTAINER_RETENTION: at least SPILLWAY_MINUTE_RETENTION: minutes of containers would be nobody's",
    );
  }
  if (env.SPILLWAY_COMPACT_AFTER < COMPACT_AFTER_MIN_MS) {
    faults.push(
      "SPILLWAY_COMPACT_AFTER: at least 1h: what arrives later for a compacted hour costs more to store",
    );
  }
  if (env.SPILLWAY_FORGET_EPHEMERAL_AFTER < FORGET_AFTER_MIN_MS) {
    faults.push(
      "SPILLWAY_FORGET_EPHEMERAL_AFTER: at least 10m: an agent that restarts is not to be forgotten",
    );
  }
  if (env.SPILLWAY_FORGET_AFTER < env.SPILLWAY_FORGET_EPHEMERAL_AFTER) {
    faults.push(
      "SPILLWAY_FORGET_AFTER: at least SPILLWAY_FORGET_EPHEMERAL_AFTER: hosts that come and go are forgotten first",
    );
  }
  if (env.SPILLWAY_INTERVAL < 100 || env.SPILLWAY_INTERVAL > 3_600_000) {
    faults.push("SPILLWAY_INTERVAL: from 100ms to 1h");
  }
  if ((env.SPILLWAY_TLS_CERT === undefined) !== (env.SPILLWAY_TLS_KEY === undefined)) {
    faults.push("SPILLWAY_TLS_CERT and SPILLWAY_TLS_KEY: set both, or neither");
  }
  if (env.SPILLWAY_AUTH_PROXY_HEADER !== undefined && env.SPILLWAY_TRUSTED_PROXIES.length === 0) {
    faults.push(
      "SPILLWAY_AUTH_PROXY_HEADER: set SPILLWAY_TRUSTED_PROXIES to the proxy's address: from others the header is not believed",
    );
  }
  return faults;
}

function issuesOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

function defaultDataDir(environment: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return "/var/lib/spillway";
  const dataHome = environment.XDG_DATA_HOME;
  return join(dataHome?.startsWith("/") === true ? dataHome : join(homedir(), ".local", "share"), "spillway");
}
