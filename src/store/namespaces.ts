import type { Namespace } from "../generated/prisma/client.ts";
import type { Db } from "./client.ts";

export type { Namespace };

/** What names a network namespace that is not a host's root. */
export interface NamespaceKey {
  readonly kind: "CONTAINER" | "OTHER";
  readonly bootId: string;
  readonly inode: string;
  /** ms of uptime */
  readonly birth: number;
}

export interface NamespaceFacts {
  readonly containerId: string | null;
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** The id of a host's root namespace, made at first sight. */
export async function registerRoot(db: Db, hostId: number): Promise<number> {
  const find = () => db.namespace.findFirst({ where: { hostId, kind: "ROOT" }, select: { id: true } });
  const known = await find();
  if (known !== null) return known.id;
  const [row] = await db.$queryRaw<{ id: number }[]>`
    INSERT INTO namespace (id, host_id, kind) VALUES (nextval('namespace_root_id'), ${hostId}, 'ROOT')
    ON CONFLICT DO NOTHING RETURNING id`;
  // Somebody else has made it meanwhile, or the host has gone.
  const made = row ?? (await find());
  if (made === null) throw new Error(`cannot make the root namespace of host ${hostId}: the host has gone`);
  return made.id;
}

/** A network namespace that is not a host's root. */
export interface NamespaceEntry {
  readonly key: NamespaceKey;
  readonly facts: NamespaceFacts;
}

/** The ids of other namespaces of a host, in the order given, made at first sight. */
export async function registerNamespaces(
  db: Db,
  hostId: number,
  entries: readonly NamespaceEntry[],
): Promise<number[]> {
  const ids: number[] = new Array(entries.length).fill(0);
  // Looked up first: an insert that conflicts burns an id.
  const missing = await findNamespaces(db, hostId, entries, ids);
  if (missing.length === 0) return ids;
  await db.$executeRaw`
    INSERT INTO namespace (id, host_id, kind, boot_id, inode, birth, container_id, name, labels)
    SELECT nextval('namespace_other_id'), ${hostId}, kind::namespace_kind, boot_id::uuid, inode, birth,
           facts ->> 'containerId', facts ->> 'name', facts -> 'labels'
    FROM (
      SELECT kind, boot_id, inode, birth, facts::jsonb AS facts
      FROM unnest(
        ${missing.map(({ key }) => key.kind)}::text[], ${missing.map(({ key }) => key.bootId)}::text[],
        ${missing.map(({ key }) => key.inode)}::text[], ${missing.map(({ key }) => key.birth)}::bigint[],
        ${missing.map(({ facts }) => JSON.stringify(facts))}::text[]
      ) AS row(kind, boot_id, inode, birth, facts)
      -- In one order, so that two writers do not deadlock.
      ORDER BY boot_id, inode, birth
    ) ordered
    ON CONFLICT DO NOTHING`;
  const gone = await findNamespaces(db, hostId, entries, ids);
  if (gone.length > 0) throw new Error(`cannot make namespaces of host ${hostId}: the host has gone`);
  return ids;
}

/** Fills in the ids of those that are there. @returns the others */
async function findNamespaces(
  db: Db,
  hostId: number,
  entries: readonly NamespaceEntry[],
  ids: number[],
): Promise<NamespaceEntry[]> {
  const rows = await db.$queryRaw<{ place: number; id: number }[]>`
    SELECT wanted.place::int AS place, n.id
    FROM unnest(
      ${entries.map(({ key }) => key.bootId)}::text[], ${entries.map(({ key }) => key.inode)}::text[],
      ${entries.map(({ key }) => key.birth)}::bigint[]
    ) WITH ORDINALITY AS wanted(boot_id, inode, birth, place)
    JOIN namespace n ON n.host_id = ${hostId} AND n.boot_id = wanted.boot_id::uuid
      AND n.inode = wanted.inode AND n.birth = wanted.birth`;
  for (const { place, id } of rows) ids[place - 1] = id;
  return entries.filter((_, index) => ids[index] === 0);
}

/** The id of one other namespace of a host, made at first sight. */
export async function registerNamespace(
  db: Db,
  hostId: number,
  key: NamespaceKey,
  facts: NamespaceFacts,
): Promise<number> {
  const [id] = await registerNamespaces(db, hostId, [{ key, facts }]);
  if (id === undefined) throw new Error("one entry has one id");
  return id;
}

/** Keeps the settings of a namespace; those of an earlier time never undo later ones. */
export async function keepSysctls(
  db: Db,
  namespaceId: number,
  sysctls: Readonly<Record<string, string>>,
  at: number,
): Promise<void> {
  const sysctlsAt = new Date(at);
  await db.namespace.updateMany({
    where: { id: namespaceId, OR: [{ sysctlsAt: null }, { sysctlsAt: { lt: sysctlsAt } }] },
    data: { sysctls: { ...sysctls }, sysctlsAt },
  });
}

/** The namespaces of hosts, oldest first. */
export function namespacesOf(db: Db, hostIds: readonly number[]): Promise<Namespace[]> {
  return db.namespace.findMany({ where: { hostId: { in: [...hostIds] } }, orderBy: { id: "asc" } });
}
