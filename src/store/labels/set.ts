import { SpillwayError } from "../../errors.ts";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { recordAudit } from "../audit.ts";
import { inTransaction } from "../client.ts";
import type { Actor } from "../tokens.ts";
import { columnsOf, lockHost, recordLabels, sourcesOf } from "./change.ts";
import { checkLabel } from "./check.ts";
import { given, type Labels } from "./effective.ts";

/**
 * Sets labels of a host by hand, above what the token, labels.yml and the agent say. Labels that are not named
 * stay as they were set; an empty value takes away what was set, and shows what lies below it.
 *
 * @param now ms since 1970: from when on the labels hold
 * @throws BAD_REQUEST for a name or a value that is none or too many of them, NOT_FOUND without such a host
 */
export async function setHostLabels(
  db: PrismaClient,
  actor: Actor,
  agentId: string,
  labels: Labels,
  now: number,
): Promise<void> {
  for (const [name, value] of Object.entries(labels)) {
    const fault = checkLabel(name, value);
    if (fault !== null) throw new SpillwayError("BAD_REQUEST", fault);
  }
  await inTransaction(db, async (tx) => {
    const found = await tx.host.findUnique({ where: { agentId }, select: { id: true } });
    const host = found === null ? null : await lockHost(tx, found.id);
    if (host === null) throw new SpillwayError("NOT_FOUND", `there is no host ${agentId}`);
    const before = sourcesOf(host);
    const after = { ...before, set: given({ ...before.set, ...labels }) };
    if (Object.keys(after.set).length > LIMITS.labels) {
      throw new SpillwayError("BAD_REQUEST", `at most ${LIMITS.labels} labels can be set on a host`);
    }
    const { setLabels } = columnsOf(after);
    await tx.host.update({ where: { id: host.id }, data: { setLabels, revision: { increment: 1 } } });
    await recordLabels(tx, [{ hostId: host.id, before, after }], now);
    await recordAudit(
      tx,
      actor,
      { action: "host.setLabels", target: host.name, details: { agentId, labels } },
      now,
    );
  });
}
