import { z } from "zod";
import { PAYLOAD_BYTES_MAX } from "../store/notifications.ts";

/** A change of something that has an id and grows a revision with each change; what it is now is in Postgres. */
const changed = z.object({ id: z.string().max(64), revision: z.number().int().nonnegative() });
export type Changed = z.infer<typeof changed>;

const liveEvent = z.discriminatedUnion("kind", [
  /** Shards of which minutes were written anew. */
  z.object({ kind: z.literal("rolledUp"), shards: z.array(z.number().int().nonnegative()) }),
  z.object({ kind: z.literal("incidents"), changed: z.array(changed) }),
  z.object({ kind: z.literal("anomalies"), changed: z.array(changed) }),
]);

/**
 * What one process tells the others: that something changed, and where to look. Never what it is now: a message
 * may be lost, come twice or come late, and Postgres is the truth.
 */
export type LiveEvent = z.infer<typeof liveEvent>;
export type LiveKind = LiveEvent["kind"];

/** The event in as few messages as hold it. */
export function encodeEvent(event: LiveEvent): string[] {
  const text = JSON.stringify(event);
  if (Buffer.byteLength(text) <= PAYLOAD_BYTES_MAX) return [text];
  const [first, second] = halvesOf(event);
  return [...encodeEvent(first), ...encodeEvent(second)];
}

/** Null for what is none: of a later version, or of somebody else who uses the channel. */
export function decodeEvent(text: string): LiveEvent | null {
  try {
    return liveEvent.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function halvesOf(event: LiveEvent): [LiveEvent, LiveEvent] {
  if (event.kind === "rolledUp") {
    const middle = event.shards.length >> 1;
    return [
      { ...event, shards: event.shards.slice(0, middle) },
      { ...event, shards: event.shards.slice(middle) },
    ];
  }
  const middle = event.changed.length >> 1;
  return [
    { ...event, changed: event.changed.slice(0, middle) },
    { ...event, changed: event.changed.slice(middle) },
  ];
}
