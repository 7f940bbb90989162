import { expect, test } from "vitest";
import { type Collector, scrape } from "../../../agent/collector.ts";
import { netstat } from "../../../agent/collectors/netstat.ts";
import { snmp } from "../../../agent/collectors/snmp.ts";
import { fixtureNetDir } from "./support/procfs.ts";

const broken: Collector = {
  name: "broken",
  collect: () => {
    throw new Error("no such luck");
  },
};

test("a scrape is what all collectors read, in their order", () => {
  const { names, values, failures } = scrape([snmp, netstat], { netDir: fixtureNetDir("6.18.44") });
  expect(failures).toEqual([]);
  expect(names).toHaveLength(312);
  expect(values).toHaveLength(312);
  expect(names[0]).toBe("IpForwarding");
  expect(names[83]).toBe("TcpExtSyncookiesSent");
});

test.each([
  ["one that throws", broken, "6.18.44", "no such luck"],
  ["one whose file is cut off", netstat, "truncated", "its last line is cut off"],
])("%s is reported and left out, and stops no other", (_case, collector, kernel, why) => {
  const good: Collector = { name: "good", collect: () => ({ names: ["TcpInSegs"], values: [7] }) };
  const result = scrape([collector, good], { netDir: fixtureNetDir(kernel) });
  expect(result.names).toEqual(["TcpInSegs"]);
  expect(result.failures).toHaveLength(1);
  expect(result.failures[0]?.collector).toBe(collector.name);
  expect(result.failures[0]?.error.message).toContain(why);
});

test("a source that this kernel does not have is no failure", () => {
  expect(scrape([snmp, netstat], { netDir: "/nonexistent" })).toEqual({
    names: [],
    values: [],
    failures: [],
  });
});
