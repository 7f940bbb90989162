import { expect } from "vitest";
import type { Diagnosis } from "../../../src/detect/diagnosis/diagnose.ts";
import type { NamespaceWindow } from "../../../src/detect/diagnosis/window.ts";
import type { HostSection } from "../../../src/protocol/message.ts";
import { diagnosisOf } from "../../unit/detect/support/windows.ts";
import type { Episode } from "./episode.ts";
import { type Observed, observed, windowBySnapshots } from "./observed.ts";
import { increasesOver } from "./signature.ts";

/** Causes that take hours to see: those of a flag, and not of the window. */
export const BY_FLAG: readonly string[] = ["CONNECTION_LEAK"];

/** The diagnosis of a window alone, with nothing known of what is usual. */
export function diagnosed(
  sections: readonly HostSection[],
  windowOf: (seen: Observed) => NamespaceWindow = windowBySnapshots,
): Diagnosis | null {
  const seen = observed(sections);
  return diagnosisOf(windowOf(seen), { kernel: seen.kernel, sysctls: seen.sysctls });
}

/** The first cause is that of the episode, and so is the listener where one is named. */
export function expectTruth(
  found: Diagnosis | null,
  { truth }: Episode,
  sections: readonly HostSection[],
): void {
  expect([truth.cause, ...(truth.orElse ?? [])]).toContain(found?.cause ?? null);
  // What drops is the listener's; without drops, nothing may show whose it is.
  const drops = increasesOver(sections).get("TcpExtListenDrops") ?? 0;
  if (drops > 0 || found?.listener != null) expect(found?.listener?.seen.port).toBe(truth.listener);
}
