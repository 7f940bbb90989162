import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  hasOwnUptime,
  readHostFacts,
  readMachineId,
  rootNetDir,
  wordSizeOf,
} from "../../../agent/host-facts.ts";
import { BOOT, makeProcfs, temporaryFolder } from "./support/procfs.ts";

test.each([
  ["x86_64", 64],
  ["aarch64", 64],
  ["aarch64_be", 64],
  ["ppc64le", 64],
  ["ppc64", 64],
  ["s390x", 64],
  ["riscv64", 64],
  ["mips64", 64],
  ["sparc64", 64],
  ["loongarch64", 64],
  ["i386", 32],
  ["i686", 32],
  ["armv6l", 32],
  ["armv7l", 32],
  ["ppc", 32],
  ["s390", 32],
  ["mips", 32],
  ["riscv32", 32],
])("an %s kernel counts in %d bits", (machine, bits) => {
  expect(wordSizeOf(machine)).toBe(bits);
});

test.each([
  ["the kernel's own procfs: the namespace of the agent", "/proc", "/proc/self/net"],
  ["the same, written with a slash", "/proc/", "/proc/self/net"],
  ["one mounted elsewhere: that of the host's first process", "/host/proc", "/host/proc/1/net"],
])("%s", (_case, procfs, netDir) => {
  expect(rootNetDir(procfs)).toBe(netDir);
});

test("boot id and kernel come from procfs", () => {
  const procfs = makeProcfs(temporaryFolder(onTestFinished), "2.6.32");
  expect(readHostFacts(procfs)).toMatchObject({ boot: BOOT, kernel: "2.6.32" });
});

test("a procfs without a boot id is refused by its path", () => {
  const procfs = makeProcfs(temporaryFolder(onTestFinished), "2.6.32");
  rmSync(join(procfs, "sys"), { recursive: true });
  expect(() => readHostFacts(procfs)).toThrow(
    `cannot read ${procfs}/sys/kernel/random/boot_id: is --procfs the procfs of a Linux kernel?`,
  );
});

test.each([
  ["an id is hashed, without its newline", `${"4f".repeat(16)}\n`, sha256("4f".repeat(16))],
  ["an image that was never started has none", "uninitialized\n", undefined],
  ["an empty file has none", "", undefined],
])("machine id: %s", (_case, text, expected) => {
  const path = join(temporaryFolder(onTestFinished), "machine-id");
  writeFileSync(path, text);
  expect(readMachineId(path)).toBe(expected);
});

test("machine id: a machine without the file has none", () => {
  expect(readMachineId("/nonexistent/machine-id")).toBeUndefined();
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("the kernel's uptime is not a container's own; what another file system shows is", () => {
  expect(hasOwnUptime("/proc")).toBe(false);
  const own = temporaryFolder(onTestFinished);
  writeFileSync(join(own, "uptime"), "12.50 10.00\n");
  expect(hasOwnUptime(own)).toBe(true);
  expect(hasOwnUptime("/nonexistent")).toBe(false);
});
