import { expect, test } from "vitest";
import { createCapabilities } from "../../../agent/capabilities.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";

test("capabilities are listed by name, with a reason only where one is not available", () => {
  const capabilities = createCapabilities();
  capabilities.set("root", false, "give it the host's network");
  capabilities.set("collector.snmp", true, "not said");
  expect(capabilities.list()).toEqual([
    { name: "collector.snmp", available: true },
    { name: "root", available: false, reason: "give it the host's network" },
  ]);
});

test("a difference is told once, and the same again is none", () => {
  const capabilities = createCapabilities();
  expect(capabilities.changed()).toBe(false);
  capabilities.set("root", true);
  expect([capabilities.changed(), capabilities.changed()]).toEqual([true, false]);
  capabilities.set("root", true);
  expect(capabilities.changed()).toBe(false);
  capabilities.set("root", false, "a");
  capabilities.set("root", false, "b");
  expect([capabilities.changed(), capabilities.version()]).toEqual([true, 3]);
});

test("a list never passes what the wire takes", () => {
  const capabilities = createCapabilities();
  for (let i = 0; i < LIMITS.capabilities + 5; i += 1) capabilities.set(`c${i}`, false, "x".repeat(9_999));
  const list = capabilities.list();
  expect(list).toHaveLength(LIMITS.capabilities);
  expect(list.every(({ reason }) => reason?.length === LIMITS.textLength)).toBe(true);
});
