import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LABELS_DIR, labelsOfFiles } from "../../../../agent/labels/files.ts";
import { temporaryFolder } from "../support/procfs.ts";

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(onTestFinished);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("files are read in the order of their names, and later lines win", () => {
  const folder = folderOf({
    "20-role.conf": "role = db\nrack=a=1\n",
    "10-base.conf": "# the base\n\n  role=web\nzone=b\r\n",
    plain: "zone=c",
  });
  const expected = { labels: { role: "db", rack: "a=1", zone: "c" }, warnings: [] };
  expect(labelsOfFiles(folder)).toEqual(expected);
});

test("what editors, packages and mounts leave beside them is not read", () => {
  const folder = folderOf({
    ".a.conf.swp": "a=1",
    ".hidden.conf": "a=1",
    "a.conf~": "a=1",
    "a~": "a=1",
    "a.conf.rpmnew": "a=1",
    "README.md": "a=1",
  });
  mkdirSync(join(folder, "folder"));
  expect(labelsOfFiles(folder)).toEqual({ labels: {}, warnings: [] });
});

test("a bad line is named with its file and number, and costs no other", () => {
  const folder = folderOf({ "a.conf": "role=web\nweb\n9a=b\n__x=y\nv=\u0001\nzone=a\n" });
  const { labels, warnings } = labelsOfFiles(folder);
  expect(labels).toEqual({ role: "web", zone: "a" });
  expect(warnings).toEqual([
    `left out line 2 of ${folder}/a.conf, "web": give name=value`,
    expect.stringContaining(`left out line 3 of ${folder}/a.conf, "9a=b": a name has`),
    expect.stringContaining(`left out line 4 of ${folder}/a.conf`),
    expect.stringContaining("the value has a control character"),
  ]);
});

test("a file that is far too long is left out with a warning", () => {
  const folder = folderOf({ "a.conf": `a=${"x".repeat(300_000)}`, "b.conf": "b=1" });
  expect(labelsOfFiles(folder)).toEqual({
    labels: { b: "1" },
    warnings: [`left out the labels of ${folder}/a.conf: it has more than 262144 bytes`],
  });
});

test("a folder that was asked for and is not there is a warning", () => {
  const { labels, warnings } = labelsOfFiles("/nonexistent/labels.d");
  expect(labels).toEqual({});
  expect(warnings.join()).toContain("cannot read the labels of /nonexistent/labels.d: ENOENT");
  expect(DEFAULT_LABELS_DIR).toBe("/etc/spillway/labels.d");
});
