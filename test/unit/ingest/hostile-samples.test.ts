/** What a hostile body of remote write or OTLP costs in memory before it is refused. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { LIMITS } from "../../../src/protocol/limits.ts";

const PROGRAM = fileURLToPath(new URL("../../support/hostile-samples.ts", import.meta.url));

interface Measured {
  readonly kind: "lies" | "lists";
  readonly what: string;
  readonly bytes: number;
  readonly fault: string;
}

let measured: Measured[];

beforeAll(() => {
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", PROGRAM], {
    encoding: "utf8",
  });
  measured = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Measured);
});

test("a length that is a lie costs no more than twice what a body may have", () => {
  const lies = measured.filter(({ kind }) => kind === "lies");
  expect(lies.length).toBeGreaterThan(10);
  expect(lies.filter(({ bytes }) => bytes > 2 * LIMITS.decodedBytes)).toEqual([]);
  for (const { what, fault } of lies) expect(fault, what).toMatch(/^(BAD_REQUEST|PAYLOAD_TOO_LARGE)$/);
});

test("a body that lists nothing but nothing is refused before it has filled the memory", () => {
  const lists = measured.filter(({ kind }) => kind === "lists");
  expect(lists.length).toBeGreaterThan(10);
  // Without a limit for what is listed each of them takes hundreds of megabytes.
  expect(lists.filter(({ bytes }) => bytes > 12 * LIMITS.decodedBytes)).toEqual([]);
  for (const { what, fault } of lists) expect(fault, what).toMatch(/^(BAD_REQUEST|PAYLOAD_TOO_LARGE)$/);
});
