import proxyAddr from "proxy-addr";
import { z } from "zod";
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

/** The settings as they were given, checked one by one. */
export type Environment = z.infer<typeof configSchema>;

const RAW_RETENTION_MIN_MS = 2 * DAY_MS;
const COMPACT_AFTER_MIN_MS = HOUR_MS;
const FORGET_AFTER_MIN_MS = 10 * 60_000;

/** What is wrong between settings that are right one by one: a line each, which names the setting and the remedy. */
export function crossCheck(env: Environment): string[] {
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
