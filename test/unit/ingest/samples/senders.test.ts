import { describe, expect, test } from "vitest";
import { Senders } from "../../../../src/ingest/samples/senders.ts";
import { LIMITS } from "../../../../src/protocol/limits.ts";
import { AT } from "../../../support/sample-series.ts";

describe("what is learnt of a sender", () => {
  describe("its interval,", () => {
    /** In seconds, after each of the scrapes that are so many seconds apart. */
    const learnt = (...apart: number[]) => {
      const senders = new Senders();
      let at = AT;
      return [0, ...apart].map((seconds) => {
        at += seconds * 1_000;
        return senders.saw("a", at, []) / 1_000;
      });
    };

    test("which a pause does not change, and a new one does", () => {
      expect(learnt(30, 30, 3_600, 30)).toEqual([15, 30, 30, 30, 30]);
      expect(learnt(30, 30, 60, 60, 10, 10, 10)).toEqual([15, 30, 30, 30, 60, 60, 60, 10]);
    });

    test.each([
      ["one scrape comes between two others", [60, 60, 20, 40, 60, 60]],
      ["two replicas scrape by turns", [60, 3, 57, 3, 57, 3, 57]],
      ["they do so from the first", [3, 57, 3, 57, 3, 57]],
    ])("by which no time is a gap where %s", (_name, apart) => {
      expect(learnt(...apart).slice(-2)).toEqual(apart.includes(20) ? [60, 60] : [57, 57]);
    });
  });

  test("what it does not send is told once, when it is known, and again when that changes", () => {
    const senders = new Senders();
    for (let scrape = 0; scrape < 4; scrape++) senders.saw("a", AT + scrape, ["TcpExtListenOverflows"]);
    expect(senders.capabilities("a")).toBeNull();
    senders.saw("a", AT + 4, ["TcpExtListenOverflows"]);
    const said = senders.capabilities("a");
    expect(said?.map(({ name, available }) => [name, available])).toEqual([
      ["counters.complete", false],
      ["values.exact", false],
      ["listeners", false],
      ["namespaces", false],
    ]);
    expect(said?.[0]?.reason).toMatch(/TCPReqQFullDrop.*--collector.netstat.fields/);
    expect(said?.[0]?.reason).not.toMatch(/ListenOverflows/);
    expect(senders.capabilities("a")).toBeNull();
    for (let scrape = 5; scrape < 11; scrape++) senders.saw("a", AT + scrape, ["TcpExtListenDrops"]);
    expect(senders.capabilities("a")).not.toBeNull();
  });

  describe("of containers", () => {
    const scrape = (senders: Senders, seconds: number, key: string) =>
      senders.sawContainer("a", key, AT + seconds * 1_000, ["TcpExtListenOverflows", "TcpCurrEstab"]);
    const reasons = (senders: Senders) =>
      Object.fromEntries((senders.capabilities("a") ?? []).map(({ name, reason }) => [name, reason]));

    test("of which alone is told, that is said, with what is missing of them", () => {
      const senders = new Senders();
      for (const seconds of [0, 30, 60, 90]) scrape(senders, seconds, "one");
      scrape(senders, 90, "two");
      expect(senders.capabilities("a")).toBeNull();
      expect(scrape(senders, 120, "one")).toBe(30_000);
      const said = reasons(senders);
      expect(said["counters.complete"]).toMatch(/nothing is sent of the host itself.*node_exporter/);
      expect(said["containers.counters.complete"]).toMatch(/not sent of containers: PassiveOpens, .*advtcp/);
      expect(said["containers.counters.complete"]).not.toMatch(/ListenOverflows/);
      expect(said).toHaveProperty("namespaces", undefined);
      expect(senders.capabilities("a")).toBeNull();
    });

    test("beside their host, what is missing of each is said", () => {
      const senders = new Senders();
      for (const seconds of [0, 30, 60, 90, 120]) {
        scrape(senders, seconds, "one");
        senders.saw("a", AT + seconds * 1_000, ["TcpPassiveOpens"]);
      }
      const said = reasons(senders);
      expect(said["counters.complete"]).toMatch(/^not sent: ActiveOpens/);
      expect(said["containers.counters.complete"]).toMatch(/^not sent of containers: PassiveOpens/);
    });

    test("that are new beside their host, nothing is said before they have settled", () => {
      const senders = new Senders();
      for (const seconds of [0, 30, 60, 90, 120]) senders.saw("a", AT + seconds * 1_000, ["TcpPassiveOpens"]);
      expect(reasons(senders)).not.toHaveProperty("containers.counters.complete");
      scrape(senders, 120, "one");
      expect(senders.capabilities("a")).toBeNull();
      for (const seconds of [150, 180, 210, 240]) scrape(senders, seconds, "one");
      expect(reasons(senders)).toHaveProperty("containers.counters.complete");
    });

    test("no reason is longer than what is taken", () => {
      const senders = new Senders();
      for (const seconds of [0, 30, 60, 90, 120]) {
        senders.sawContainer("a", "one", AT + seconds * 1_000, []);
        senders.saw("a", AT + seconds * 1_000, []);
      }
      const lengths = Object.values(reasons(senders)).map((reason) => reason?.length ?? 0);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(LIMITS.textLength);
      expect(Math.max(...lengths)).toBeGreaterThan(300);
    });
  });
});
