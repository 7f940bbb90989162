import { z } from "zod";
import { LAYOUT_HASH } from "../../protocol/layout.ts";
import { AGENT_KEY, COUNTER_NAME, LABEL_NAME, LIMITS, UNSTORABLE, UUID } from "../../protocol/limits.ts";

/**
 * The forms of src/protocol/message.ts, checked from the outside in: the push as a whole, then each host
 * section, then each namespace and snapshot, so that a fault is charged to the smallest part that has it. Unknown
 * fields are ignored. The values are checked where they are encoded (values.ts), in one pass.
 */

function textOf(max: number) {
  return z
    .string()
    .max(max)
    .refine(
      (value) => !UNSTORABLE.test(value),
      "has a character that cannot be stored: NUL or half of a pair",
    );
}

const text = textOf(LIMITS.textLength);

const labels = z
  .record(
    z
      .string()
      .regex(LABEL_NAME, "a label name is letters, digits and underscores, not beginning with __ or a digit"),
    textOf(LIMITS.labelValueLength),
  )
  .refine((record) => Object.keys(record).length <= LIMITS.labels, `more than ${LIMITS.labels} labels`);

const capability = z.object({
  name: z.string().regex(/^[a-z][a-zA-Z0-9._-]{0,99}$/, "not the name of a capability"),
  available: z.boolean(),
  reason: text.optional(),
});

const listener = z.object({
  address: textOf(64).min(2),
  port: z.number().int().min(0).max(65_535),
  inode: z.string().regex(/^[0-9]{1,20}$/, "not an inode: a decimal string"),
  acceptQueue: z.number().int().nonnegative(),
  peakQueue: z.number().int().nonnegative(),
  limit: z.number().int().nonnegative().nullable(),
  limitInferred: z.boolean().optional(),
  samplesFull: z.number().int().nonnegative(),
  drops: z.number().int().nonnegative().nullable(),
  uid: z.number().int().nonnegative().optional(),
  cgroup: text.optional(),
  owner: text.optional(),
});

const uuid = z.string().regex(UUID, "not a UUID in lower case");
const milliseconds = z.number().int().nonnegative();

export const pushSchema = z.object({
  agent: z.object({ version: textOf(100).min(1), clock: z.number() }),
  hosts: z
    .array(z.object({ snapshots: z.array(z.unknown()) }).loose())
    .min(1)
    .max(LIMITS.hostsPerPush),
});

export const hostSchema = z.object({
  id: uuid,
  key: z.string().regex(AGENT_KEY, "not 32 bytes in base64url"),
  name: textOf(LIMITS.hostNameLength).min(1),
  machineId: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "not a SHA-256 in hex")
    .optional(),
  labels: labels.optional(),
  epoch: z.object({
    boot: uuid,
    number: z.number().int().min(0).max(LIMITS.epochNumber),
    kernel: textOf(LIMITS.kernelLength).min(1),
    arch: textOf(LIMITS.archLength).min(1),
    wordSize: z.union([z.literal(32), z.literal(64)]),
  }),
  layouts: z
    .record(
      z.string().regex(LAYOUT_HASH, "not a layout hash: 32 hex digits"),
      z
        .array(z.string().regex(COUNTER_NAME, "not a counter name"))
        .min(1)
        .max(LIMITS.countersPerLayout)
        .refine((names) => new Set(names).size === names.length, "a counter is named twice"),
    )
    .refine(
      (record) => Object.keys(record).length <= LIMITS.layoutsPerHost,
      `more than ${LIMITS.layoutsPerHost}`,
    )
    .optional(),
  // Each is checked when a snapshot is of it (namespaceSchema).
  namespaces: z.array(z.unknown()).max(LIMITS.namespacesPerHost).optional(),
  capabilities: z.array(capability).max(LIMITS.capabilities).optional(),
  goodbye: z.enum(["leaving", "restarting"]).optional(),
  health: z
    .object({
      cycleCpuMs: z.number(),
      childCpuMs: z.number(),
      rssBytes: z.number(),
      spoolDepth: z.number(),
      spoolAgeMs: z.number(),
      dropped: z.record(textOf(LIMITS.labelNameLength), z.number()),
    })
    .optional(),
});

export const namespaceSchema = z.object({
  kind: z.enum(["container", "other"]),
  inode: z.string().regex(/^[0-9]{1,20}$/, "not an inode: a decimal string"),
  birth: milliseconds,
  containerId: textOf(200).optional(),
  name: textOf(LIMITS.hostNameLength).optional(),
  labels: labels.optional(),
});

export const snapshotSchema = z.object({
  at: milliseconds,
  uptimeMs: milliseconds,
  everyMs: z.number().int().min(LIMITS.everyMs.min).max(LIMITS.everyMs.max),
  namespace: z.number().int().nonnegative().optional(),
  fromZero: z.boolean().optional(),
  layout: z.string().regex(LAYOUT_HASH, "not a layout hash: 32 hex digits"),
  values: z.array(z.unknown()),
  sysctls: z
    .record(z.string().regex(/^[a-z][a-z0-9_.-]{0,99}$/, "not the name of a sysctl"), text)
    .refine((record) => Object.keys(record).length <= LIMITS.sysctls, `more than ${LIMITS.sysctls} sysctls`)
    .optional(),
  listeners: z
    .object({
      source: z.enum(["ss", "proc"]),
      samples: z.number().int().positive(),
      complete: z.boolean().optional(),
      sockets: z.array(listener).max(LIMITS.listenersPerSnapshot),
    })
    .optional(),
});

export type ParsedPush = z.infer<typeof pushSchema>;
export type ParsedHost = z.infer<typeof hostSchema>;
export type ParsedNamespace = z.infer<typeof namespaceSchema>;
export type ParsedSnapshot = z.infer<typeof snapshotSchema>;

/** The first fault of a failed parse, as "path: what is wrong". */
export function firstIssue(error: z.ZodError, prefix = ""): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${prefix}: malformed`;
  const path = issue.path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : `${text}${text === "" ? "" : "."}${String(key)}`,
    prefix,
  );
  // A path may hold keys of the sender's, of any length.
  return `${(path || "the body").slice(0, 150)}: ${issue.message.slice(0, 150)}`;
}
