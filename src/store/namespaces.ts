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
  await db.$executeRaw`
    INSERT INTO namespace (id, host_id, kind) VALUES (nextval('namespace_root_id'), ${hostId}, 'ROOT')
    ON CONFLICT DO NOTHING`;
  const made = await find();
  if (made === null) throw new Error(`cannot make the root namespace of host ${hostId}: the host has gone`);
  return made.id;
}

/** The id of any other namespace of a host, made at first sight. */
export async function registerNamespace(
  db: Db,
  hostId: number,
  key: NamespaceKey,
  facts: NamespaceFacts,
): Promise<number> {
  const where = { hostId, bootId: key.bootId, inode: key.inode, birth: BigInt(key.birth) };
  const find = () => db.namespace.findFirst({ where, select: { id: true } });
  const known = await find();
  if (known !== null) return known.id;
  await db.$executeRaw`
    INSERT INTO namespace (id, host_id, kind, boot_id, inode, birth, container_id, name, labels)
    VALUES (nextval('namespace_other_id'), ${hostId}, ${key.kind}::namespace_kind, ${key.bootId}::uuid,
            ${key.inode}, ${key.birth}::bigint, ${facts.containerId}, ${facts.name},
            ${JSON.stringify(facts.labels)}::jsonb)
    ON CONFLICT DO NOTHING`;
  const made = await find();
  if (made === null) throw new Error(`cannot make a namespace of host ${hostId}: the host has gone`);
  return made.id;
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
