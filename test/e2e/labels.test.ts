import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnDatabaseService, startOnOwnDatabase } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { cleanEnvironment } from "../support/service.ts";
import { openTestStore } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let folder: string;
let file: string;
let service: OwnDatabaseService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-labels-"));
  file = join(folder, "labels.yml");
  await writeFile(file, "- match: web-*\n  labels: {role: web, tier: front}\n");
  service = await startOnOwnDatabase({ env: { SPILLWAY_LABELS_FILE: file } });
});

afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

async function labelsOf(name: string) {
  const { data } = await service.graphql("query ($name: String!) { host(name: $name) { id labels } }", {
    name,
  });
  return data.host as { id: string; labels: Record<string, string> } | null;
}

async function seen(host: TestHost) {
  await service.pushed(push(host.section([host.snapshot(Date.now(), [0, 0, 0])])));
  return waitFor(host.name, () => labelsOf(host.name));
}

test("labels.yml holds for hosts by their names, and anew after SIGHUP; a faulty one changes nothing", async () => {
  const web = new TestHost({ name: "web-1", labels: { role: "agent", zone: "z1" } });
  const db = new TestHost({ name: "db-1", labels: { role: "agent" } });
  expect((await seen(web)).labels).toEqual({ role: "web", tier: "front", zone: "z1" });
  expect((await seen(db)).labels).toEqual({ role: "agent" });

  await writeFile(file, "- match: /(web|db)-[0-9]+/\n  labels: {role: any}\n");
  service.process.kill("SIGHUP");
  await waitFor("the new rules", async () => (await labelsOf("db-1"))?.labels.role === "any");
  expect((await labelsOf("web-1"))?.labels).toEqual({ role: "any", zone: "z1" });
  // What is kept without the file holds for a host that comes later, too.
  expect((await seen(new TestHost({ name: "db-2" }))).labels).toEqual({ role: "any" });

  await writeFile(file, "- match: db-*\n  labels:\n    role: 7\n");
  service.process.kill("SIGHUP");
  await waitFor("the fault to be said", () => service.output().includes(`${file}:3:11: [0].labels.role`));
  expect((await labelsOf("db-1"))?.labels).toEqual({ role: "any" });
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
});

test("labels that come with a backlog hold from its oldest snapshot on", async () => {
  const host = new TestHost({ name: "app-1", labels: { version: "1" } });
  await seen(host);
  // A snapshot that cannot be taken says nothing of when, nor does one that is no snapshot.
  const later = Date.now();
  const snapshots = [
    null,
    { at: "then" },
    host.snapshot(Date.now() - 30 * 86_400_000, [0, 0, 0]),
    host.snapshot(later + 500, [1, 0, 0]),
    host.snapshot(later, [0, 0, 0]),
  ];
  await service.pushed(push(host.section(snapshots, { labels: { version: "2" } })));
  const store = openTestStore(service.databaseUrl, 1);
  const { id } = await store.db.host.findUniqueOrThrow({ where: { agentId: host.id } });
  const history = await store.db.hostLabelHistory.findMany({
    where: { hostId: id },
    orderBy: { since: "asc" },
  });
  await store.close();
  expect(history.map(({ labels }) => labels)).toEqual([{ version: "1" }, { version: "2" }]);
  expect(history[1]?.since).toEqual(new Date(later));
});

test("check-config names each fault of the file with its line and column", async () => {
  const faulty = join(folder, "faulty.yml");
  await writeFile(
    faulty,
    "- match: web-*\n  lables: {role: web}\n  labels: {}\n- match: /(/\n  labels: {}\n",
  );
  const check = (path: string) =>
    promisify(execFile)(process.execPath, [MAIN, "check-config"], {
      env: { ...cleanEnvironment(), SPILLWAY_LABELS_FILE: path },
    }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
    );
  const found = await check(faulty);
  expect(found.code).toBe(1);
  expect(found.text).toContain(`  ${faulty}:2:11: [0]: Unrecognized key: "lables"\n`);
  expect(found.text).toContain(`  ${faulty}:4:10: [1].match: not a regular expression`);
  expect(await check(join(folder, "none.yml"))).toEqual({
    code: 1,
    text: `spillway: there is no file ${join(folder, "none.yml")}: make it, or unset SPILLWAY_LABELS_FILE\n`,
  });
  await writeFile(faulty, "");
  expect(await check(faulty)).toEqual({ code: 0, text: "the configuration is good\n" });
});

test("setHostLabels sets above all others, shows at once, and needs the scope operate", async () => {
  const host = await seen(new TestHost({ name: "cache-1", labels: { role: "agent" } }));
  const mutation =
    "mutation ($host: ID!, $labels: Labels!) { setHostLabels(host: $host, labels: $labels) { name labels } }";
  const set = (labels: object, id = host.id) => service.graphql(mutation, { host: id, labels });
  expect((await set({ role: "person", note: "n" })).data.setHostLabels).toEqual({
    name: "cache-1",
    labels: { role: "person", note: "n" },
  });
  expect((await set({ role: "" })).data.setHostLabels.labels).toEqual({ role: "agent", note: "n" });
  const codes = async (answer: ReturnType<typeof set>) =>
    (await answer).errors?.map((one) => one.extensions.code);
  expect(await codes(set({ "1": "x" }))).toEqual(["BAD_REQUEST"]);
  expect(await codes(set({ role: 1 }))).toEqual(["BAD_USER_INPUT"]);
  expect(await codes(set({}, "host_00000000-0000-4000-8000-000000000000"))).toEqual(["NOT_FOUND"]);

  const reader = await service.token("read", "admin");
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${reader}` },
    body: JSON.stringify({ query: mutation, variables: { host: host.id, labels: { role: "x" } } }),
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(errors.map((one) => one.extensions.code)).toEqual(["FORBIDDEN"]);
  expect((await labelsOf("cache-1"))?.labels).toEqual({ role: "agent", note: "n" });
});
