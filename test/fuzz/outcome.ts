import { expect } from "vitest";
import { SpillwayError } from "../../src/errors.ts";

/** What reading something came to: "none", or the code of its fault. @throws whatever is no fault */
export async function faultOf(read: () => unknown): Promise<string> {
  try {
    await read();
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
  return "none";
}

/** It is read, or refused with one of these. */
export async function expectReadOrRefused(read: () => unknown, ...codes: readonly string[]): Promise<void> {
  expect(["none", ...codes]).toContain(await faultOf(read));
}
