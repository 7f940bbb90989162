import { createHash } from "node:crypto";

/**
 * The name of a layout: the first 32 hex digits of the SHA-256 of its counter names joined by newlines.
 * Kernels of one version share a layout, so a snapshot carries 32 bytes of it and not its 330 names.
 */
export function layoutHash(names: readonly string[]): string {
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 32);
}

export const LAYOUT_HASH = /^[0-9a-f]{32}$/;
