import type { PrismaClient } from "../../generated/prisma/client.ts";
import { inTransaction } from "../client.ts";
import { type LabelChange, recordLabels, sourcesOf } from "./change.ts";
import { type Labels, sameLabels } from "./effective.ts";
import { compileRules, type LabelRule } from "./rules.ts";

const HOSTS_PER_BATCH = 1_000;

/**
 * Puts rules in force, for all hosts there are and for those that come: one transaction, so there is no moment
 * in which one host has the old ones and another the new ones. Said again, it changes nothing.
 *
 * @param now ms since 1970: from when on the labels hold
 * @returns how many hosts have other labels of rules than before
 */
export function applyRules(db: PrismaClient, rules: readonly LabelRule[], now: number): Promise<number> {
  const fileLabels = compileRules(rules);
  return inTransaction(db, async (tx) => {
    // Waits for those who make hosts by the old rules, and keeps others waiting (current-rules.ts).
    await tx.$executeRaw`
      INSERT INTO label_rules (id, rules) VALUES (1, ${JSON.stringify(rules)}::jsonb)
      ON CONFLICT (id) DO UPDATE SET rules = EXCLUDED.rules`;
    let count = 0;
    for (let after = 0; ; ) {
      // By id, as all who lock several hosts do.
      await tx.$queryRaw`
        SELECT id FROM host WHERE id > ${after} ORDER BY id LIMIT ${HOSTS_PER_BATCH} FOR UPDATE`;
      const hosts = await tx.host.findMany({
        where: { id: { gt: after } },
        orderBy: { id: "asc" },
        take: HOSTS_PER_BATCH,
      });
      const changes: LabelChange[] = [];
      for (const host of hosts) {
        const before = sourcesOf(host);
        const file: Labels = fileLabels(host.name);
        if (!sameLabels(before.file, file))
          changes.push({ hostId: host.id, before, after: { ...before, file } });
      }
      if (changes.length > 0) {
        await tx.$executeRaw`
          UPDATE host SET file_labels = row.labels::jsonb, revision = revision + 1
          FROM unnest(${changes.map(({ hostId }) => hostId)}::int[],
                      ${changes.map(({ after: { file } }) => JSON.stringify(file))}::text[]) AS row(id, labels)
          WHERE host.id = row.id`;
        await recordLabels(tx, changes, now);
      }
      count += changes.length;
      const last = hosts.at(-1);
      if (last === undefined || hosts.length < HOSTS_PER_BATCH) return count;
      after = last.id;
    }
  });
}
