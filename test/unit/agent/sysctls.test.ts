import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCapabilities } from "../../../agent/capabilities.ts";
import { createSysctlSource } from "../../../agent/collectors/sysctls.ts";
import { parseSysctl } from "../../../agent/parse/sysctl.ts";
import { makeProcfs, temporaryFolder } from "./support/procfs.ts";

function setUp() {
  const procfs = makeProcfs(temporaryFolder(onTestFinished), "6.18.44");
  const set = (name: string, text: string) => {
    const path = join(procfs, "sys", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  set("net/core/somaxconn", "4096\n");
  set("net/ipv4/ip_local_port_range", "32768\t60999\n");
  set("net/ipv4/tcp_mem", "  89310\t119083   178620\n");
  const capabilities = createCapabilities();
  return { procfs, set, capabilities };
}

test("all settings that can be read come first, then only when one has changed", () => {
  const { procfs, set, capabilities } = setUp();
  const next = createSysctlSource(procfs, capabilities, join(procfs, "1/net"));
  const first = {
    "net.core.somaxconn": "4096",
    "net.ipv4.ip_local_port_range": "32768 60999",
    "net.ipv4.tcp_mem": "89310 119083 178620",
  };
  expect(next(1_000)).toEqual(first);
  expect(next(40_000)).toBeUndefined();
  set("net/core/somaxconn", "128\n");
  expect(next(50_000)).toBeUndefined();
  expect(next(80_000)).toEqual({ ...first, "net.core.somaxconn": "128" });
  expect(capabilities.list()).toEqual([{ name: "sysctls", available: true }]);
});

test("they come again when a snapshot was given up since, for it may have carried them", () => {
  const { procfs, capabilities } = setUp();
  let givenUp = 2;
  const next = createSysctlSource(procfs, capabilities, join(procfs, "1/net"), () => givenUp);
  const first = next(1_000);
  expect(next(40_000)).toBeUndefined();
  givenUp = 3;
  expect(next(50_000)).toBeUndefined();
  expect(next(80_000)).toEqual(first);
  expect(next(120_000)).toBeUndefined();
});

test("they come again each hour", () => {
  const { procfs, capabilities } = setUp();
  const next = createSysctlSource(procfs, capabilities, join(procfs, "1/net"));
  const first = next(1_000);
  expect(next(3_600_999)).toBeUndefined();
  expect(next(3_631_000)).toEqual(first);
  expect(next(3_700_000)).toBeUndefined();
});

test("those of the reader's namespace are never sent as another's: a capability says why there are none", () => {
  const { procfs, capabilities } = setUp();
  expect(createSysctlSource(procfs, capabilities)(1_000)).toBeUndefined();
  expect(capabilities.list()).toEqual([
    { name: "sysctls", available: false, reason: expect.stringContaining("its own network namespace only") },
  ]);
});

test.each([
  ["1\n", "1"],
  ["32768\t60999\n", "32768 60999"],
  ["\n", null],
  ["", null],
])("%j is %j", (text, value) => expect(parseSysctl(text)).toBe(value));
