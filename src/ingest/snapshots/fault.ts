import type { SnapshotFault, SnapshotResult } from "../../protocol/answer.ts";

/** The answer for a snapshot that is not stored. */
export function fault(
  status: "rejected" | "too_old" | "future" | "retry",
  code: SnapshotFault,
  message: string,
): SnapshotResult {
  return { status, code, message };
}
