import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openIdentity } from "../../../agent/identity.ts";
import { AGENT_KEY, UUID } from "../../../src/protocol/limits.ts";
import { temporaryFolder } from "./support/procfs.ts";

test("the first start makes id and key together, in one file for its owner alone", () => {
  const folder = temporaryFolder(onTestFinished);
  const { identity, isNew } = openIdentity(folder);
  expect(isNew).toBe(true);
  expect(identity.host).toMatch(UUID);
  expect(identity.key).toMatch(AGENT_KEY);
  expect(readdirSync(folder)).toEqual(["identity.json"]);
  expect(statSync(join(folder, "identity.json")).mode & 0o777).toBe(0o600);
});

test("every later start reads them again", () => {
  const folder = temporaryFolder(onTestFinished);
  const { identity } = openIdentity(folder);
  expect(openIdentity(folder)).toEqual({ identity, isNew: false });
});

const key = "A".repeat(43);
const host = "2810343c-8b6d-4fa4-8c0f-f1b39d566f66";

test.each([
  ["it is empty", "", "it is not JSON"],
  ["it is cut off", `{"host":"${host}","ke`, "it is not JSON"],
  ["it is no object", "7", "it is not a JSON object"],
  ["its id is missing", JSON.stringify({ key }), "its host is not a UUID in lower case"],
  ["its id is in upper case", JSON.stringify({ host: host.toUpperCase(), key }), "its host is not a UUID"],
  ["its key is missing", JSON.stringify({ host }), "its key is not 43 characters of base64url"],
  ["its key is too short", JSON.stringify({ host, key: "abc" }), "its key is not 43 characters"],
])("a damaged file is named and left as it is: %s", (_case, text, why) => {
  const folder = temporaryFolder(onTestFinished);
  const path = join(folder, "identity.json");
  writeFileSync(path, text);
  expect(() => openIdentity(folder)).toThrow(`cannot use ${path}: ${why}`);
  expect(() => openIdentity(folder)).toThrow("restore it from a backup, or delete it to begin as a new host");
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("the message about a damaged file does not quote its key", () => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, "identity.json"), JSON.stringify({ host: "x", key }));
  expect(() => openIdentity(folder)).toThrow(/^(?!.*AAAA)/);
});

test("a folder that cannot be written fails before anything is sent", () => {
  expect(() => openIdentity("/nonexistent")).toThrow();
  expect(existsSync("/nonexistent")).toBe(false);
});
