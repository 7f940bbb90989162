/** Pushes as agents send them, with a few places changed: read, or refused with a fault that names the place. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect } from "vitest";
import { decodeBody } from "../../../src/ingest/body.ts";
import { type AcceptDeps, planPush } from "../../../src/ingest/snapshots/accept.ts";
import {
  isQuickHost,
  isQuickNamespace,
  isQuickPush,
  isQuickSnapshot,
} from "../../../src/ingest/snapshots/quick.ts";
import {
  hostSchema,
  namespaceSchema,
  pushSchema,
  snapshotSchema,
} from "../../../src/ingest/snapshots/schema.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";
import { decodeValues } from "../../../src/store/codec/values.ts";
import type { TokenActor } from "../../../src/store/tokens.ts";
import { damaged, edited } from "../edits.ts";
import { expectReadOrRefused } from "../outcome.ts";
import { type FuzzTarget, target } from "../target.ts";

const listener = {
  address: "0.0.0.0",
  port: 443,
  inode: "81235",
  acceptQueue: 3,
  peakQueue: 129,
  limit: 128,
  limitInferred: true,
  samplesFull: 4,
  drops: null,
  uid: 33,
  cgroup: "/system.slice/nginx.service",
  owner: "nginx",
};

export const snapshot = {
  at: 1_795_348_800_000,
  uptimeMs: 86_400_000,
  everyMs: 10_000,
  namespace: 0,
  fromZero: true,
  layout: "c42dc6e1d472558e234946f593c2b24d",
  values: [1, null, "18446744073709551615"],
  listeners: { source: "ss", samples: 5, sockets: [listener] },
};

export const namespace = {
  kind: "container",
  inode: "4026532201",
  birth: 17,
  containerId: "f00",
  name: "shop",
  labels: { pod: "a" },
};

export const host = {
  id: "0f4d3c1a-7c1e-4b0e-9a39-5a1f0c8e7d21",
  key: "q".repeat(43),
  name: "web-1",
  machineId: "ab".repeat(32),
  labels: { region: "eu-central-1", role: "web" },
  epoch: {
    boot: "11111111-2222-3333-4444-555555555555",
    number: 0,
    kernel: "6.12.48",
    arch: "x86_64",
    wordSize: 64,
  },
  namespaces: [namespace],
  health: { cycleCpuMs: 1.6, childCpuMs: 0, rssBytes: 4e7, spoolDepth: 1, spoolAgeMs: 0, dropped: {} },
  snapshots: [snapshot],
};

export const push = { protocol: 1, agent: { version: "0.1.0", clock: 1_795_348_800_000 }, hosts: [host] };

/** What may stand where something else belongs. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "ss",
    "other",
    "x".repeat(600),
    "a\0b",
    "\ud800",
    "ä",
    "\n",
    "__a",
    "7\n",
  ),
  fc.constantFrom<unknown>(
    -1,
    -0,
    0,
    0.5,
    32,
    99,
    3_600_001,
    65_536,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ),
  fc.constantFrom<unknown>([], {}, [1], { a: 1 }, { a: "b" }, { "a b": "c" }, { source: "ss" }),
  fc.jsonValue({ maxDepth: 2 }),
);

type Path = readonly (string | number)[];

/** Every place in a value. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

type Change = { readonly at: number; readonly how: "replace" | "remove" | "add"; readonly by: unknown };

function changed(original: unknown, { at, how, by }: Change): unknown {
  const paths = pathsOf(original);
  const path = paths[at % paths.length] ?? [];
  const copy = structuredClone({ it: original });
  let parent = copy as unknown as Record<string, unknown>;
  for (const key of ["it", ...path].slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const key = path.at(-1) ?? "it";
  const target = parent[key];
  if (how === "remove" && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (how === "remove" && path.length > 0) delete parent[key];
  else if (how === "add" && typeof target === "object" && target !== null && !Array.isArray(target)) {
    (target as Record<string, unknown>).extra = by;
  } else parent[key] = by;
  return copy.it;
}

const changes = fc.array(
  fc.record({ at: fc.nat(1_000), how: fc.constantFrom("replace", "remove", "add"), by: anything }),
  { maxLength: 3 },
);

/** What is changed, how it is checked in a hurry, and by the schema whose word holds. */
const PARTS = {
  push: { good: push, isQuick: isQuickPush, schema: pushSchema, keys: ["agent", "hosts"] },
  host: { good: host, isQuick: isQuickHost, schema: hostSchema, keys: Object.keys(hostSchema.shape) },
  namespace: {
    good: namespace,
    isQuick: isQuickNamespace,
    schema: namespaceSchema,
    keys: Object.keys(namespaceSchema.shape),
  },
  snapshot: {
    good: snapshot,
    isQuick: isQuickSnapshot,
    schema: snapshotSchema,
    keys: Object.keys(snapshotSchema.shape),
  },
} as const;

/** A part of a push, changed here and there. */
export function changedPart(part: keyof typeof PARTS): fc.Arbitrary<unknown> {
  return changes.map((list) => list.reduce<unknown>((one, change) => changed(one, change), PARTS[part].good));
}

const NOW = push.agent.clock;
export const SENDER = {
  kind: "TOKEN",
  id: 1,
  name: "t",
  hostPattern: null,
  forcedLabels: {},
} as unknown as TokenActor;
/** Where ids come from; of the database there is nothing to find out here. */
export const DEPS = {
  now: () => NOW,
  oldestAcceptedMs: 6 * 86_400_000,
  registry: {
    host: async () => ({ id: 1 }),
    epoch: async () => 1,
    root: async () => 1,
    namespaces: async (_host: unknown, entries: readonly unknown[]) => entries.map((_, index) => index + 2),
    layout: async () => ({ id: 1, length: snapshot.values.length }),
  },
} as unknown as AcceptDeps;

/** Each snapshot is decided: a fault with a sentence, or a row whose values can be read again. */
async function expectPlanned(body: unknown): Promise<void> {
  const { slots, rows } = await planPush(DEPS, SENDER, body);
  expect(slots.length).toBeLessThanOrEqual(LIMITS.snapshotsPerPush);
  for (const slot of slots) {
    if ("status" in slot) expect("message" in slot && slot.message).toMatch(/./);
  }
  for (const { values, at } of rows) {
    expect(Number.isInteger(at)).toBe(true);
    expect(() => decodeValues(values, snapshot.values.length)).not.toThrow();
  }
}

const text = JSON.stringify(push);

/** What is no JSON is refused before it comes here, as nothing would be. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

export const WIRE: readonly FuzzTarget[] = [
  target("pushes", {
    cases: 2_000,
    input: changedPart("push"),
    check: (body) => expectReadOrRefused(() => expectPlanned(body), "BAD_REQUEST"),
  }),
  target("push-bodies", {
    cases: 2_000,
    input: fc.oneof(
      edited([text], ["null", "[", "{", '"', ",", "1e400", "-1", '"__proto__":{},', "\\u0000", "\ud800"]).map(
        (body) => ({ bytes: Buffer.from(body), gzip: false }),
      ),
      damaged(fc.constant(gzipSync(text))).map((bytes) => ({ bytes, gzip: true })),
    ),
    check: (body) =>
      expectReadOrRefused(async () => expectPlanned(parsed(await decodeBody(body))), "BAD_REQUEST"),
  }),
  // What the quick check takes, the schema takes too, and reads alike.
  ...(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) =>
    target(`quick-${part}`, {
      cases: 3_000,
      input: changedPart(part),
      check: (value) => {
        const { isQuick, schema, keys } = PARTS[part];
        if (!isQuick(value)) return;
        const parsed = schema.safeParse(value);
        expect(parsed.error?.issues).toBeUndefined();
        const fields = value as unknown as Record<string, unknown>;
        const read = parsed.data as Record<string, unknown>;
        for (const key of keys) expect(withoutUnknown(fields[key], read[key])).toEqual(read[key]);
      },
    }),
  ),
];

/**
 * What is read of a value: schemas drop fields that they do not know, and readers never look at them. Only of
 * what is kept as it was sent, listeners and health, none may be left.
 */
function withoutUnknown(value: unknown, read: unknown, kept = isKept(read)): unknown {
  if (kept || typeof value !== "object" || value === null || typeof read !== "object" || read === null)
    return value;
  if (Array.isArray(value)) {
    return value.map((member, index) => withoutUnknown(member, (read as unknown[])[index]));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => Object.hasOwn(read, key))
      .map(([key, member]) => [key, withoutUnknown(member, (read as Record<string, unknown>)[key])]),
  );
}

function isKept(read: unknown): boolean {
  return typeof read === "object" && read !== null && ("sockets" in read || "dropped" in read);
}
