import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { refuseForeignChange } from "../../../src/http/cross-origin.ts";

const PUBLIC = "https://spillway.example.net";

function isRefused(headers: Record<string, string>, publicUrl: string | null, method = "POST"): boolean {
  const request = { method, headers: { host: "10.0.0.5:4000", ...headers } } as unknown as IncomingMessage;
  try {
    refuseForeignChange(request, publicUrl);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: "FORBIDDEN" });
    return true;
  }
}

test.each<[string, Record<string, string>, boolean]>([
  ["the page of this service", { "sec-fetch-site": "same-origin", origin: PUBLIC }, false],
  ["an address typed by a person", { "sec-fetch-site": "none" }, false],
  ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, true],
  ["a sibling of the site", { "sec-fetch-site": "same-site", origin: "https://blog.example.net" }, true],
  ["another site that is said to be this one", { "sec-fetch-site": "cross-site", origin: PUBLIC }, true],
  ["a word that there is not", { "sec-fetch-site": "" }, true],
  ["the public address, over plain HTTP", { origin: PUBLIC }, false],
  ["the address that is asked, over plain HTTP", { origin: "http://10.0.0.5:4000" }, false],
  ["another port of it", { origin: "http://10.0.0.5:4001" }, true],
  ["another site, over plain HTTP", { origin: "http://evil.example" }, true],
  ["another site that begins alike", { origin: "https://spillway.example.net.evil.example" }, true],
  ["the public name by another scheme", { origin: "http://spillway.example.net" }, true],
  ["a page that hides where it is", { origin: "null" }, true],
  ["an origin that is none", { origin: "10.0.0.5:4000" }, true],
  ["no browser", {}, false],
])("a change by %s", (_name, headers, refused) => {
  expect(isRefused(headers, PUBLIC)).toBe(refused);
});

test("without a public address the one that is asked counts, and what changes nothing is let through", () => {
  expect(isRefused({ origin: PUBLIC }, null)).toBe(true);
  expect(isRefused({ origin: "http://10.0.0.5:4000" }, null)).toBe(false);
  const foreign = { "sec-fetch-site": "cross-site" };
  for (const method of ["GET", "HEAD", "OPTIONS"]) expect(isRefused(foreign, null, method)).toBe(false);
  for (const method of ["PUT", "PATCH", "DELETE", "get"]) expect(isRefused(foreign, null, method)).toBe(true);
  expect(isRefused({ ...foreign, upgrade: "websocket" }, null, "GET")).toBe(true);
});
