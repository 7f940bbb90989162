import { createHash } from "node:crypto";
import { readFileSync, statfsSync } from "node:fs";
import { machine } from "node:os";
import { join, resolve } from "node:path";
import { UUID } from "../src/protocol/limits.ts";

/** What the kernel says about itself; constant for one boot. */
export interface HostFacts {
  /** Boot id: new at each start of the kernel, and with it every counter is back at 0. */
  readonly boot: string;
  /** `uname -r` */
  readonly kernel: string;
  /** `uname -m` */
  readonly arch: string;
  readonly wordSize: 32 | 64;
}

/** @throws Error that names the file, when procfs is not that of a Linux kernel. */
export function readHostFacts(procfs: string): HostFacts {
  const boot = readFact(join(procfs, "sys/kernel/random/boot_id"));
  if (!UUID.test(boot)) throw new Error(`cannot use the boot id "${boot}" of ${procfs}: it is not a UUID`);
  const arch = machine();
  return {
    boot,
    kernel: readFact(join(procfs, "sys/kernel/osrelease")),
    arch,
    wordSize: wordSizeOf(arch),
  };
}

/**
 * The folder of the root namespace's counters.
 *
 * `<procfs>/net` is a link to `self/net`, the namespace of the reader, whichever procfs it is read from. With
 * the kernel's own /proc that is what is meant. A procfs mounted elsewhere (`/host/proc` in a container) is
 * given to see the host, whose root is the namespace of its first process.
 */
export function rootNetDir(procfs: string): string {
  return join(procfs, resolve(procfs) === "/proc" ? "self/net" : "1/net");
}

/** PROC_SUPER_MAGIC of linux/magic.h. */
const PROCFS = 0x9fa0;

/**
 * Whether the uptime is another program's than the kernel's: lxcfs lays a file over it that shows a container its own,
 * from the start of the container's process 1.
 */
export function hasOwnUptime(procfs: string): boolean {
  try {
    return statfsSync(join(procfs, "uptime")).type !== PROCFS;
  } catch {
    return false;
  }
}

/** Machines whose `unsigned long` has 64 bits although their name does not say so. */
const WIDE = new Set(["s390x", "alpha", "aarch64_be"]);

/**
 * Width of the kernel's `unsigned long` in bits, where its counters wrap, by the name of the machine:
 * x86_64, aarch64, ppc64le, riscv64, mips64, sparc64, loongarch64, ia64 have 64; i686, armv7l, ppc, s390 32.
 */
export function wordSizeOf(arch: string): 32 | 64 {
  return arch.includes("64") || WIDE.has(arch) ? 64 : 32;
}

/**
 * SHA-256 of /etc/machine-id in hex: the id itself is a secret of the machine (machine-id(5)). Undefined
 * where there is none yet ("uninitialized" in images) or it cannot be read: it only links a new agent to the
 * one it replaces. Not from procfs: it belongs to the installation that holds the state folder.
 */
export function readMachineId(path = "/etc/machine-id"): string | undefined {
  try {
    const id = readFileSync(path, "utf8").trim();
    return /^[0-9a-f]{32}$/.test(id) ? createHash("sha256").update(id).digest("hex") : undefined;
  } catch {
    return undefined;
  }
}

function readFact(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`cannot read ${path}: is --procfs the procfs of a Linux kernel?`, { cause: error });
  }
}
