import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatherLabels, mergeLabels } from "../../../../agent/labels/labels.ts";
import { temporaryFolder } from "../support/procfs.ts";

const everything = { a: "cloud", b: "cloud", c: "cloud", d: "cloud" };
const ofCloud = async () => ({ labels: everything, warnings: ["the cloud is slow"] });

test("flags outweigh files, files the environment, the environment the cloud", async () => {
  const labelsDir = temporaryFolder(onTestFinished);
  writeFileSync(join(labelsDir, "x.conf"), "a=file\nb=file\nbad\n");
  const env = {
    SPILLWAY_AGENT_LABEL_A: "env",
    SPILLWAY_AGENT_LABEL_B: "env",
    SPILLWAY_AGENT_LABEL_C: "env",
  };
  const settings = { labels: { a: "flag" }, labelsDir, cloud: "aws" } as const;
  const gathered = await gatherLabels(settings, env, ofCloud);
  expect(gathered.labels).toEqual({ a: "flag", b: "file", c: "env", d: "cloud" });
  expect(gathered.warnings).toEqual([
    `left out line 3 of ${labelsDir}/x.conf, "bad": give name=value`,
    "the cloud is slow",
  ]);
});

test("no cloud is asked unless one is given", async () => {
  const settings = { labels: {}, labelsDir: temporaryFolder(onTestFinished), cloud: null };
  expect(await gatherLabels(settings, {}, ofCloud)).toEqual({ labels: {}, warnings: [] });
});

test("beyond the most that are sent, the lightest are left out by name", () => {
  const many = (prefix: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, "x"]));
  const { labels, warnings } = mergeLabels([many("a", 60), many("b", 6)]);
  expect(Object.keys(labels)).toHaveLength(64);
  expect(warnings).toEqual(["66 labels: at most 64 are sent, left out b4, b5"]);
});
