import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createOwners } from "../../../../agent/listeners/owner.ts";
import { readProcTcp } from "../../../../agent/listeners/read-proc-tcp.ts";
import { temporaryFolder } from "../support/procfs.ts";

function procfsWith(processes: Record<string, { comm: string; sockets: readonly number[] }>): string {
  const procfs = temporaryFolder(onTestFinished);
  for (const [pid, { comm, sockets }] of Object.entries(processes)) {
    mkdirSync(join(procfs, pid, "fd"), { recursive: true });
    writeFileSync(join(procfs, pid, "comm"), `${comm}\n`);
    symlinkSync("/dev/null", join(procfs, pid, "fd/0"));
    for (const [at, inode] of sockets.entries()) {
      symlinkSync(`socket:[${inode}]`, join(procfs, pid, "fd", String(at + 3)));
    }
  }
  mkdirSync(join(procfs, "net"));
  return procfs;
}

test("of the processes that share a socket, the oldest", () => {
  const procfs = procfsWith({
    "10": { comm: "worker", sockets: [500] },
    "9": { comm: "master", sockets: [500, 501] },
  });
  const owners = createOwners({ procfs, now: () => 0 });
  owners.look(["500", "501", "0"]);
  expect(["500", "501", "0"].map(owners.nameOf)).toEqual(["master", "master", undefined]);
});

test("process 1 owns what nobody else has, until somebody has", () => {
  let nowMs = 0;
  const procfs = procfsWith({
    "1": { comm: "systemd", sockets: [500, 501] },
    "900": { comm: "sshd", sockets: [500] },
  });
  const owners = createOwners({ procfs, now: () => nowMs });
  owners.look(["500", "501"]);
  expect(["500", "501"].map(owners.nameOf)).toEqual(["sshd", "systemd"]);
  // It starts the service with the first connection.
  symlinkSync("socket:[501]", join(procfs, "900/fd/9"));
  nowMs = 300_000;
  owners.look(["500", "501"]);
  expect(owners.nameOf("501")).toBe("sshd");
});

test("a name may hold anything, but no control characters come out of it", () => {
  const procfs = procfsWith({ "9": { comm: "e\u001b[31mvil", sockets: [1] } });
  const owners = createOwners({ procfs, now: () => 0 });
  owners.look(["1"]);
  expect(owners.nameOf("1")).toBe("e?[31mvil");
});

test("a long search goes on at the next look", () => {
  const procfs = procfsWith(
    Object.fromEntries(
      [2, 3, 4, 5].map((pid) => [String(pid), { comm: `p${pid}`, sockets: [pid, pid + 10] }]),
    ),
  );
  const owners = createOwners({ procfs, now: () => 0, linksPerLook: 1 });
  const found = [1, 2, 3, 4, 5].map(() => {
    owners.look(["4"]);
    return owners.nameOf("4");
  });
  expect(found).toEqual([undefined, undefined, "p4", "p4", "p4"]);
});

test("a socket that no process has is looked for again after five minutes", () => {
  let nowMs = 0;
  const procfs = procfsWith({ "9": { comm: "late", sockets: [] } });
  const owners = createOwners({ procfs, now: () => nowMs });
  owners.look(["7"]);
  symlinkSync("socket:[7]", join(procfs, "9/fd/9"));
  nowMs = 299_999;
  owners.look(["7"]);
  expect(owners.nameOf("7")).toBeUndefined();
  nowMs = 300_000;
  owners.look(["7"]);
  expect(owners.nameOf("7")).toBe("late");
});

test("the owner of a socket that is gone is forgotten", () => {
  const procfs = procfsWith({ "9": { comm: "one", sockets: [7] } });
  const owners = createOwners({ procfs, now: () => 0 });
  owners.look(["7"]);
  owners.keep((inode) => inode !== "7");
  expect(owners.nameOf("7")).toBeUndefined();
});

test("this very process, in the real /proc", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const inode = readProcTcp("/proc/self/net")?.find((one) => one.port === port)?.inode ?? "";
  const owners = createOwners({ procfs: "/proc", now: () => 0, linksPerLook: 1_000_000 });
  owners.look([inode]);
  expect(owners.nameOf(inode)).toMatch(/\S/);
});
