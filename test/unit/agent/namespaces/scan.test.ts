/** What a scan of all processes finds. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scanNamespaces } from "../../../../agent/namespaces/scan.ts";
import { setUp } from "../support/namespace-runs.ts";

test("names in /proc that are no processes, zombies and processes that end are passed over", () => {
  const { fake } = setUp();
  for (const name of ["self", "sys", "77/net"]) mkdirSync(join(fake.procfs, name), { recursive: true });
  expect(scanNamespaces(fake.procfs)).toMatchObject({ processes: 2, refused: 0, sawInit: true });
});

test("a procfs that lists no process 1 hides those of others (hidepid=2)", () => {
  const { fake } = setUp();
  fake.end(1);
  expect(scanNamespaces(fake.procfs)).toMatchObject({ processes: 0, sawInit: false });
});

test.runIf(process.getuid?.() === 0)("processes that may not be looked at are counted (hidepid=1)", () => {
  const { fake, run, capability } = setUp();
  fake.namespace("a");
  fake.start(20, "a", { startMs: 10_000 });
  const folder = join(fake.procfs, "20");
  const cycle = run();
  // Modes do not bind root, so for a moment this process is nobody.
  const seen = asNobody(folder, () => scanNamespaces(fake.procfs));
  expect(seen).toMatchObject({ processes: 2, refused: 1 });
  asNobody(folder, () => cycle(0));
  expect(capability("namespaces")).toMatchObject({
    available: false,
    reason: expect.stringContaining("hidepid: processes of other users may not be looked at"),
  });
});

function asNobody<T>(closed: string, act: () => T): T {
  const open = join(closed, "../..");
  chmodSync(open, 0o755);
  chmodSync(closed, 0o700);
  process.seteuid?.(65_534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
