/** The invariants, asked of the database after every scenario and compared with what the agents know. */
import { layoutHash } from "../../../src/protocol/layout.ts";
import { valueAt } from "../../../src/rates/values.ts";
import type { Store } from "../../../src/store/client.ts";
import { decodeValues } from "../../../src/store/codec/values.ts";
import { expectTables } from "../../support/expect-tables.ts";
import type { NamespaceHistory } from "../../support/fleet-oracle.ts";
import { withStore } from "../../support/service.ts";
import { waitFor } from "../../support/wait.ts";
import type { Journal, JournalHost } from "./journal.ts";
import type { World } from "./world.ts";

/** What is broken, by the invariant's name; empty when all hold. */
export type Violations = readonly { readonly invariant: string; readonly what: string }[];

/** MB that a process may hold under any fault. */
const MEMORY_MB = { serve: 512, work: 512 } as const;
/** Statuses that a fault may cause; another is a fault of ours. */
const STATUSES = new Set(["200", "429", "503"]);
const SETTLED_MS = 240_000;
const HOUR_MS = 3_600_000;

interface StoredRow {
  readonly at: number;
  readonly layoutId: number;
  readonly values: Uint8Array;
}

/** Waits until the work is done, then looks at everything. */
export async function checkInvariants(world: World): Promise<Violations> {
  const violations: { invariant: string; what: string }[] = [];
  const found = (invariant: string, what: string) => violations.push({ invariant, what });
  await withStore(world.databaseUrl, async (store) => {
    await checkSnapshots(store, world.journal, found);
    await checkRollups(store, world, found);
    await checkIncidents(store, found);
  });
  for (const [status, times] of world.journal.statuses) {
    if (!STATUSES.has(status)) found("I11", `${times} pushes were answered ${status}`);
  }
  for (const what of world.crashes) found("I11", what);
  const { refused, toBeRefused } = world.journal;
  for (const code of new Set([...refused.keys(), ...toBeRefused.keys()])) {
    const [times = 0, expected = 0] = [refused.get(code), toBeRefused.get(code)];
    if (times !== expected)
      found("I11", `${times} snapshots were refused as ${code}, and ${expected} were to be`);
  }
  for (const [role, mb] of world.peakMb) {
    const most = MEMORY_MB[role as keyof typeof MEMORY_MB];
    if (mb > most) found("I9", `${role} held ${mb} MB, and may hold ${most}`);
  }
  return violations;
}

type Found = (invariant: string, what: string) => void;

/** I1 none is missing, I2 none is there twice, I3 each is what was sent. */
async function checkSnapshots(store: Store, { hosts }: Journal, found: Found): Promise<void> {
  const { db } = store;
  const known = hosts.map(({ id }) => id);
  const strangers = await db.host.count({ where: { agentId: { notIn: known } } });
  if (strangers > 0) found("I2", `${strangers} hosts that nobody was`);
  const layouts = await db.layout.findMany();
  const names = new Map((await db.counter.findMany()).map(({ id, name }) => [id, name]));
  const namesOf = new Map(
    layouts.map(({ id, counterIds }) => [id, counterIds.map((one) => names.get(one) ?? "")]),
  );
  // One host after another: after an hour they are hundreds of thousands.
  for (const host of hosts) await checkHost(store, host, namesOf, found);
}

async function checkHost(
  { db }: Store,
  { id, name, made, acknowledged }: JournalHost,
  namesOf: ReadonlyMap<number, readonly string[]>,
  found: Found,
): Promise<void> {
  const rows = await db.$queryRaw<StoredRow[]>`
    SELECT date_part('epoch', s.at) * 1000 AS at, s.layout_id AS "layoutId", s.values
    FROM ts.snapshot s JOIN namespace n ON n.id = s.namespace_id JOIN host h ON h.id = n.host_id
    WHERE h.agent_id = ${id}::uuid`;
  const there = new Map(rows.map((row) => [Math.round(row.at), row]));
  if (there.size < rows.length) found("I2", `${name}: ${rows.length - there.size} snapshots are there twice`);
  const missing = [...acknowledged].filter((at) => !there.has(at));
  if (missing.length > 0)
    found("I1", `${name}: ${missing.length} acknowledged snapshots are not there (${missing[0]})`);
  const known = new Map(made.map((one) => [one.at, one]));
  for (const [at, row] of there) {
    const sent = known.get(at);
    if (sent === undefined) {
      found("I2", `${name}: a snapshot of ${at} that nobody sent`);
      continue;
    }
    const own = namesOf.get(row.layoutId) ?? [];
    const values = decodeValues(row.values, own.length);
    const same = own.every(
      (counter, index) => String(valueAt(values, index)) === String(sent.values[counter] ?? null),
    );
    if (!same || layoutHash(own) !== layoutHash(sent.layout ?? Object.keys(sent.values)))
      found("I3", `${name}: ${at} is not what was sent`);
  }
}

/** I4 the rollups are the oracle's, I7 with their gaps; I12 within four minutes of the end of the fault. */
async function checkRollups(store: Store, world: World, found: Found): Promise<void> {
  try {
    await waitFor(
      "the rollups",
      async () => {
        const [row] = await store.db.$queryRaw<{ marks: number; hours: number }[]>`
          SELECT (SELECT count(*) FROM ts.mark)::int AS marks,
                 (SELECT count(*) FROM ts.hour_mark WHERE hour < now() - interval '62 minutes')::int AS hours`;
        return row?.marks === 0 && row.hours === 0;
      },
      { timeoutMs: SETTLED_MS },
    );
  } catch (error) {
    found("I12", (error as Error).message);
    return;
  }
  const ids = await store.db.$queryRaw<{ key: string; namespaceId: number }[]>`
    SELECT h.agent_id::text AS key, n.id AS "namespaceId" FROM namespace n JOIN host h ON h.id = n.host_id`;
  const hosts = new Map(world.journal.hosts.map((host) => [host.id, host]));
  const fleet = ids.flatMap(({ key, namespaceId }): NamespaceHistory[] => {
    const host = hosts.get(key);
    if (host === undefined || host.isReal) return [];
    const history = host.made.filter(({ at }) => host.acknowledged.has(at));
    // A clock that went back made later ones earlier.
    return [{ namespaceId, history: history.sort((a, b) => a.at - b.at) }];
  });
  const real = world.journal.hosts.flatMap(({ isReal, made }) => (isReal ? made : []));
  const before = Math.min(...real.map(({ at }) => at - HOUR_MS));
  try {
    // Real agents' hours are not over: what is told of them is asked for by real-agent.ts.
    await expectTables(store, fleet, before);
  } catch (error) {
    found("I4", (error as Error).message.slice(0, 2_000));
  }
}

/** I5 each incident opened once, and closed no more often than it opened. */
async function checkIncidents({ db }: Store, found: Found): Promise<void> {
  const rows = await db.$queryRaw<{ id: number; opened: number; reopened: number; resolved: number }[]>`
    SELECT incident_id AS id,
           count(*) FILTER (WHERE kind = 'OPENED')::int AS opened,
           count(*) FILTER (WHERE kind = 'REOPENED')::int AS reopened,
           count(*) FILTER (WHERE kind = 'RESOLVED')::int AS resolved
    FROM timeline_entry GROUP BY incident_id`;
  for (const { id, opened, reopened, resolved } of rows) {
    if (opened !== 1) found("I5", `incident ${id} opened ${opened} times`);
    if (resolved > opened + reopened) found("I5", `incident ${id} was resolved ${resolved} times`);
  }
  const twice = await db.$queryRaw<{ key: string }[]>`
    SELECT dedup_key AS key FROM incident WHERE resolved_at IS NULL GROUP BY dedup_key HAVING count(*) > 1`;
  for (const { key } of twice) found("I5", `two incidents of ${key} are open at once`);
}
