import { LIMITS } from "../../src/protocol/limits.ts";

/** The value of a sysctl as /proc/sys shows it, with one space where it has tabs or several; null for none. */
export function parseSysctl(text: string): string | null {
  const value = text.trim().split(/\s+/).join(" ");
  return value === "" ? null : value.slice(0, LIMITS.textLength);
}
