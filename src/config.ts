import { homedir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { configSchema, crossCheck, type Environment } from "./config-schema.ts";
import { SpillwayError } from "./errors.ts";

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

function tlsOf({ SPILLWAY_TLS_CERT: cert, SPILLWAY_TLS_KEY: key }: Environment): Config["tls"] {
  return cert === undefined || key === undefined ? null : { cert, key };
}

function issuesOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

function defaultDataDir(environment: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return "/var/lib/spillway";
  const dataHome = environment.XDG_DATA_HOME;
  return join(dataHome?.startsWith("/") === true ? dataHome : join(homedir(), ".local", "share"), "spillway");
}
