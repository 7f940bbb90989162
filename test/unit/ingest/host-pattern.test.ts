import { expect, test } from "vitest";
import { allowsHost } from "../../../src/ingest/host-pattern.ts";

test.each([
  [null, "anything", true],
  ["*", "web-1.example.net", true],
  ["web-*", "web-", true],
  ["web-*", "web-1.example.net", true],
  ["web-*", "Web-1", false],
  ["web-*", "my-web-1", false],
  ["web-?", "web-1", true],
  ["web-?", "web-10", false],
  ["*.example.net", "web-1.example.net", true],
  ["*.example.net", "web-1-example-net", false],
  ["web-[12]", "web-1", false],
  ["(a+)+$", "aaaa", false],
])("a token for %j pushes for %s: %s", (pattern, name, allowed) => {
  expect(allowsHost(pattern, name)).toBe(allowed);
  expect(allowsHost(pattern, name)).toBe(allowed);
});
