import { linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
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
  /** Another user's, whose link `ns/net` is not shown. */
  readonly isHidden?: boolean;
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
  /** The namespaces that mounts keep, as process 1 sees them. */
  mount(...namespaces: string[]): void;
}

export function makeFakeProcfs(folder: string): FakeProcfs {
  const procfs = join(folder, "proc");
  const netOf = (name: string) => join(folder, "namespaces", name);
  const nameOf = (name: string) => `net:[${fake.inode(name)}]`;
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
    start(pid, namespace, { startMs, cgroup = "0::/\n", comm = "sleep", isHidden = false }) {
      const net = join(procfs, String(pid), "net");
      mkdirSync(net, { recursive: true });
      for (const file of ["netstat", "snmp"]) linkSync(join(netOf(namespace), file), join(net, file));
      mkdirSync(join(procfs, String(pid), "ns"), { recursive: true });
      if (!isHidden) symlinkSync(nameOf(namespace), join(procfs, String(pid), "ns", "net"));
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
    mount(...namespaces) {
      const lines = namespaces.map(
        (name, i) => `${43 + i} 42 0:4 ${nameOf(name)} /run/netns/${name} rw shared:2 - nsfs nsfs rw\n`,
      );
      const others = "23 28 0:21 / /proc rw,relatime shared:11 - proc proc rw\n";
      writeFileSync(join(procfs, "1", "mountinfo"), others + lines.join(""));
    },
  };
  fake.namespace("root");
  fake.start(1, "root", { startMs: 0, comm: "init" });
  fake.mount();
  return fake;
}
