import { readFileSync } from "node:fs";

/** The text of a kernel file; null when this kernel, or this view of it, has no such file. */
export function readSource(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
