import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AGENT_VERSION } from "../../../agent/version.ts";

test("the agent says the version of the package it is built from", () => {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  expect(AGENT_VERSION).toBe(JSON.parse(text).version);
});
