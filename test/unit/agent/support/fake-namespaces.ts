import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Counters of a fake namespace; all others are 0. */
export interface FakeCounters {
  readonly inSegs?: number;
  readonly overflows?: number;
}

export interface FakeProcess {
  /** Start in ms of uptime. */
  readonly startMs: number;
  readonly cgroup?: string;
  readonly comm?: string;
}

/**
 * A procfs in a folder: processes of one namespace share its files by hard links, which gives them equal
 * inodes, as the kernel does.
 */
export interface FakeProcfs {
  readonly procfs: string;
  /** Makes a namespace, or gives one that exists other counters; its inode stays. */
  namespace(name: string, counters?: FakeCounters): void;
  inode(name: string): string;
  start(pid: number, namespace: string, process: FakeProcess): void;
  end(...pids: number[]): void;
}

export function makeFakeProcfs(folder: string): FakeProcfs {
  const procfs = join(folder, "proc");
  const netOf = (name: string) => join(folder, "namespaces", name);
  const fake: FakeProcfs = {
    procfs,
    namespace(name, { inSegs = 0, overflows = 0 } = {}) {
      mkdirSync(netOf(name), { recursive: true });
      writeFileSync(
        join(netOf(name), "netstat"),
        `TcpExt: ListenOverflows ListenDrops\nTcpExt: ${overflows} ${overflows}\n`,
      );
      writeFileSync(join(netOf(name), "snmp"), `Tcp: CurrEstab InSegs OutSegs\nTcp: 0 ${inSegs} ${inSegs}\n`);
    },
    inode: (name) => String(statSync(join(netOf(name), "netstat")).ino),
    start(pid, namespace, { startMs, cgroup = "0::/\n", comm = "sleep" }) {
      const net = join(procfs, String(pid), "net");
      mkdirSync(net, { recursive: true });
      for (const file of ["netstat", "snmp"]) linkSync(join(netOf(namespace), file), join(net, file));
      const fields = Array.from({ length: 30 }, () => "0");
      fields[18] = String(Math.floor(startMs / 10));
      // The name of a process may hold spaces and brackets.
      writeFileSync(join(procfs, String(pid), "stat"), `${pid} (${comm} (x) 1) S ${fields.join(" ")}\n`);
      writeFileSync(join(procfs, String(pid), "cgroup"), cgroup);
      writeFileSync(join(procfs, String(pid), "comm"), `${comm}\n`);
    },
    end(...pids) {
      for (const pid of pids) rmSync(join(procfs, String(pid)), { recursive: true });
    },
  };
  fake.namespace("root");
  fake.start(1, "root", { startMs: 0, comm: "init" });
  return fake;
}
