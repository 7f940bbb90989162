import type { SnapshotFault } from "../../protocol/answer.ts";
import { type Count, parseCounter } from "../../protocol/count.ts";

export type ParsedValues =
  | { readonly counts: readonly (Count | null)[] }
  | { readonly code: SnapshotFault; readonly message: string };

/** The values of a snapshot as exact counts, or the first fault among them. */
export function parseValues(values: readonly unknown[]): ParsedValues {
  const counts: (Count | null)[] = new Array(values.length).fill(null);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === null) continue;
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value) || value < 0) return badNumber(value, index);
      counts[index] = value;
    } else {
      const count = typeof value === "string" ? parseCounter(value) : null;
      if (count === null) return badValue(typeof value === "string" ? `"${value}"` : typeof value, index);
      counts[index] = count;
    }
  }
  return { counts };
}

function badNumber(value: number, index: number): ParsedValues {
  if (Number.isInteger(value) && value > Number.MAX_SAFE_INTEGER) {
    return {
      code: "UNSAFE_NUMBER",
      message: `values[${index}]: the number is above 2^53-1, where JSON numbers lose digits: send it as a decimal string`,
    };
  }
  return badValue(String(value), index);
}

function badValue(text: string, index: number): ParsedValues {
  return {
    code: "BAD_VALUE",
    message:
      `values[${index}]: ${text.slice(0, 60)} is not a counter: send an integer from 0 to 2^64-1 ` +
      "(a decimal string above 2^53-1), or null where the kernel has none",
  };
}
