/** The service's own listen queue, by a kernel's real files and by files as other kernels print them. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { BACKLOG, closeServer, createHttpServer, listen } from "../../../src/http/server.ts";
import { OwnListener } from "../../../src/telemetry/own-listener.ts";
import { waitFor } from "../../support/wait.ts";

const LISTENER = fileURLToPath(new URL("../../support/sockets/listener.mjs", import.meta.url));
const onLinux = process.platform === "linux";

/** A process that listens with a backlog and, once stopped, accepts nothing. */
async function startListener(backlog: number): Promise<{ readonly pid: number; readonly port: number }> {
  const child = spawn(process.execPath, [LISTENER, "127.0.0.1", String(backlog)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (text) => resolve(Number(text))),
  );
  return { pid: child.pid ?? -1, port };
}

function connectTo(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

test.runIf(onLinux)("what waits in a full queue is seen, and what did not fit is counted", async () => {
  const { pid, port } = await startListener(2);
  const listener = new OwnListener(`/proc/${pid}`);
  await listener.begin({ address: "127.0.0.1", port, backlog: 2 });
  expect(await listener.read()).toMatchObject({ address: "127.0.0.1", port, acceptQueue: 0, limit: 2 });

  process.kill(pid, "SIGSTOP");
  // The kernel holds one more than the limit; of the others it drops the last segment of the handshake.
  for (let count = 0; count < 6; count++) connectTo(port);
  await waitFor("the queue to be full", async () => (await listener.read())?.acceptQueue === 3);
  await waitFor("connections to be dropped", async () => {
    const state = await listener.read();
    return state?.overflows && state.drops && state.drops >= state.overflows;
  });
});

test.runIf(onLinux)("the server of the service listens with a backlog that a fleet fits into", async () => {
  const { server } = createHttpServer({ tls: null });
  const { address, port } = await listen(server, "127.0.0.1", 0);
  onTestFinished(() => closeServer(server, 0));
  const listener = new OwnListener();
  await listener.begin({ address, port, backlog: BACKLOG });
  const somaxconn = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  expect(BACKLOG).toBe(4_096);
  expect(await listener.read()).toMatchObject({
    port,
    acceptQueue: 0,
    somaxconn,
    limit: Math.min(4_096, somaxconn),
    inode: expect.stringMatching(/^[0-9]+$/),
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test("before it listens, and where there is no procfs, nothing is told", async () => {
  const listener = new OwnListener("/nonexistent");
  expect(await listener.read()).toBeNull();
  await listener.begin({ address: "127.0.0.1", port: 4_000, backlog: 4_096 });
  expect(await listener.read()).toBeNull();
});

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (local: string, state: string, queue: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:${queue} 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0\n`;

/** A procfs with one process, whose sockets have these inodes. */
function procOf(files: Readonly<Record<string, string>>, sockets: readonly number[]): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-own-listener-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "net"));
  mkdirSync(join(folder, "fd"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "net", name), text);
  for (const [place, inode] of sockets.entries())
    symlinkSync(`socket:[${inode}]`, join(folder, "fd", String(place)));
  return folder;
}

test("of several listeners on one port it is the one that is its own, over IPv6 too", async () => {
  const tcp =
    HEAD + line("0100007F:0FA0", "0A", "00000007", 11) + line("0200007F:0FA0", "0A", "00000001", 12);
  const tcp6 = `${HEAD}${line(`${"0".repeat(32)}:0FA0`, "0A", "0000002A", 13)}`;
  const proc = procOf({ tcp, tcp6 }, [9, 13]);
  const listener = new OwnListener(proc);
  await listener.begin({ address: "::", port: 4_000, backlog: 4_096 });
  // There is no netstat: what was dropped is not known, and not said to be 0.
  expect(await listener.read()).toMatchObject({ inode: "13", acceptQueue: 42, overflows: null, drops: null });

  writeFileSync(join(proc, "net", "tcp6"), HEAD);
  expect(await listener.read()).toBeNull();
});

test("drops count from when it began to listen; those of before were not its own", async () => {
  const netstat = (overflows: number, drops: number) =>
    `TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\nTcpExt: 1 ${overflows} ${drops} 9\nIpExt: InOctets\nIpExt: 5\n`;
  const tcp = HEAD + line("0100007F:0FA0", "0A", "00000000", 11);
  const proc = procOf({ tcp, netstat: netstat(100, 120) }, [11]);
  const listener = new OwnListener(proc);
  await listener.begin({ address: "127.0.0.1", port: 4_000, backlog: 4_096 });
  expect(await listener.read()).toMatchObject({ overflows: 0, drops: 0 });
  writeFileSync(join(proc, "net", "netstat"), netstat(103, 125));
  expect(await listener.read()).toMatchObject({ overflows: 3, drops: 5 });
  // A kernel that does not print them.
  writeFileSync(join(proc, "net", "netstat"), "TcpExt: TCPHPHits\nTcpExt: 9\n");
  expect(await listener.read()).toMatchObject({ overflows: null, drops: null });
});
