import { createHash } from "node:crypto";
import type { Family } from "./policy.ts";

/** What an incident is about: one subject, or a whole role. */
export interface Scope {
  readonly kind: "host" | "fleet";
  /** The subject of a host's incident; the role of a fleet's, `*` for all hosts. */
  readonly of: string;
}

/**
 * The name by which an incident is the same: of one subject or role, one family of causes, one port. The same in every
 * process and every release, since receivers deduplicate by it.
 */
export function dedupKey({ kind, of }: Scope, family: Family, port: number | null): string {
  const text = JSON.stringify([kind, of, family, port]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
