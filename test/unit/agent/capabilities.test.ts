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

test("the list is a new one when something is different, and only then", () => {
  const capabilities = createCapabilities();
  capabilities.set("root", false, "a");
  const before = capabilities.list();
  capabilities.set("root", false, "a");
  expect(capabilities.list()).toBe(before);
  capabilities.set("root", false, "b");
  expect(capabilities.list()).toEqual([{ name: "root", available: false, reason: "b" }]);
  expect(before).toEqual([{ name: "root", available: false, reason: "a" }]);
});

test("a list never passes what the wire takes", () => {
  const capabilities = createCapabilities();
  for (let i = 0; i < LIMITS.capabilities + 5; i += 1) capabilities.set(`c${i}`, false, "x".repeat(9_999));
  const list = capabilities.list();
  expect(list).toHaveLength(LIMITS.capabilities);
  expect(list.every(({ reason }) => reason?.length === LIMITS.textLength)).toBe(true);
});
