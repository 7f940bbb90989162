import { Prisma } from "../../generated/prisma/client.ts";
import type { WireListeners } from "../../protocol/message.ts";
import { decodeListeners, PARTIAL } from "../codec/listeners.ts";
import type { ListenersRecord, Lookup } from "./record.ts";
import { UnreadableError } from "./unreadable.ts";

/** Part of a list without sockets: JSON as ingest wrote it, in which no text can hold this with its quotes bare. */
export const NO_SOCKETS = '"sockets":[]';

/** A complete list: what was listed before it no longer counts. */
export function isComplete(listeners: Uint8Array): boolean {
  return Buffer.compare(listeners.subarray(0, PARTIAL.length), PARTIAL) !== 0;
}

export function isEmpty(listeners: Uint8Array): boolean {
  return Buffer.from(listeners).includes(NO_SOCKETS);
}

/** The same of snapshots s. */
export const COMPLETE = Prisma.sql`substring(s.listeners FOR ${PARTIAL.length}::int) <> ${PARTIAL}`;
export const EMPTY = Prisma.sql`position(convert_to(${NO_SOCKETS}, 'UTF8') IN s.listeners) > 0`;

/** What a record lists. @throws UnreadableError */
export function listenersOf({ namespace_id, at, listeners }: ListenersRecord): WireListeners {
  try {
    return decodeListeners(listeners);
  } catch (cause) {
    const what = `the listeners of the snapshot of ${new Date(at).toISOString()} are damaged (${(cause as Error).message}): restore the row from a backup, or set them to null to give them up`;
    const one = { namespaceId: namespace_id, at: Math.round(at), reason: "damaged_listeners", what } as const;
    throw new UnreadableError([one], { cause });
  }
}

/** What was wanted, and of a found row for which of them. */
export interface Wanted {
  readonly wanted_epoch: number;
  readonly wanted_at: number;
}

export function wantedOf(lookups: readonly Lookup[]): Prisma.Sql {
  return Prisma.sql`
    unnest(${lookups.map((one) => one.namespaceId)}::int[], ${lookups.map((one) => one.at)}::float8[],
           ${lookups.map((one) => one.epochId)}::int[]) AS wanted(namespace_id, at, epoch_id)`;
}

export function keyOf({ namespaceId, epochId, at }: Lookup): string {
  return `${namespaceId} ${epochId} ${at}`;
}
