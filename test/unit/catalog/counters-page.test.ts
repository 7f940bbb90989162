import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { countersPage } from "../../../scripts/counters-page.ts";
import { documentedCounters, knownCounters } from "../../../src/catalog/catalog.ts";

const page = countersPage();

test("the printed page is the committed one; `npm run counters:print` prints it anew", () => {
  expect(readFileSync(new URL("../../../docs/counters.md", import.meta.url), "utf8")).toBe(page);
});

test("every counter of the catalog is on it once: as a section, or as a row", () => {
  const sections = [...page.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
  const rows = [...page.matchAll(/^\| ([A-Z]\S+) \|/gm)].map(([, name]) => name);
  expect(sections).toEqual(documentedCounters().map(({ name }) => name));
  expect([...sections, ...rows]).toEqual([...knownCounters()].map(({ name }) => name));
});

test("its links lead to its sections", () => {
  const targets = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target);
  const anchors = [...page.matchAll(/^### (\S+)$/gm)].map(([, name]) => name?.toLowerCase());
  expect(targets).toEqual(anchors);
});
