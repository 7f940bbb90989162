import { describe, expect, test } from "vitest";
import { Owners } from "../../../../src/ingest/samples/owner.ts";
import { sectionsOf } from "../../../../src/ingest/samples/sections.ts";
import { Senders } from "../../../../src/ingest/samples/senders.ts";
import { hostSchema } from "../../../../src/ingest/snapshots/schema.ts";
import { AT, CADVISOR, OPENS, OVERFLOWS, series } from "../../../support/sample-series.ts";

/** The counter and the place of a series in one. */
function owner(labels: Record<string, string>) {
  const found = new Owners().of(series(labels));
  return found === null || typeof found === "string" ? found : { entry: found.entry, ...found.place };
}

describe("whose a series is", () => {
  test.each([
    ["web-1:9100", "web-1"],
    ["web-1", "web-1"],
    ["10.0.0.1:9100", "10.0.0.1"],
    ["[::1]:9100", "::1"],
    ["[fe80::1]", "fe80::1"],
    ["fe80::1", "fe80::1"],
  ])("the instance %s is of the host %s", (instance, host) => {
    expect(owner({ __name__: OVERFLOWS, instance })).toMatchObject({ host, container: null });
  });

  test("names of node_exporter, cAdvisor and Telegraf are counters of the catalog", () => {
    const named = (labels: Record<string, string>) =>
      (owner({ instance: "a", ...labels }) as { entry?: { name: string } })?.entry?.name;
    expect(named({ __name__: OVERFLOWS })).toBe("TcpExtListenOverflows");
    expect(named({ __name__: "node_boot_time_seconds" })).toBe("NodeBootTimeSeconds");
    expect(named({ __name__: "nstat_TcpExtListenDrops" })).toBe("TcpExtListenDrops");
    expect(named({ __name__: CADVISOR, tcp_state: "listenoverflows" })).toBe("TcpExtListenOverflows");
  });

  test("a counter that Telegraf's nstat reads has its labels, its host, and not the name of the file it is from", () => {
    const labels = { __name__: "nstat_TcpPassiveOpens", host: "web-1", name: "snmp", region: "eu" };
    expect(owner(labels)).toMatchObject({
      entry: { name: "TcpPassiveOpens" },
      host: "web-1",
      labels: { region: "eu" },
      container: null,
    });
    for (const other of [
      "nstat_Ip6InReceives",
      "net_tcp_passiveopens",
      "kernel_boot_time",
      "netstat_tcp_listen",
    ])
      expect(owner({ ...labels, __name__: other }), other).toBeNull();
  });

  test("a series of cAdvisor as a kubelet has it is of a container of the node, with what names it alone", () => {
    const pod = {
      id: "/kubepods/burstable/pod1/c1",
      image: "shop:1",
      name: "c1",
      namespace: "shop",
      pod: "shop-1",
    };
    const labels = {
      __name__: CADVISOR,
      ...pod,
      container: "POD",
      instance: "10.0.0.7:10250",
      job: "kubelet",
      metrics_path: "/metrics/cadvisor",
      node: "node-7",
    };
    const states = {
      listendrops: "TcpExtListenDrops",
      attemptfails: "TcpAttemptFails",
      currestab: "TcpCurrEstab",
    };
    for (const [state, name] of Object.entries(states)) {
      expect(owner({ ...labels, tcp_state: state })).toMatchObject({
        entry: { name },
        host: "10.0.0.7",
        labels: { ...pod, container: "POD" },
        container: expect.stringContaining("shop-1"),
      });
    }
    expect(owner({ ...labels, tcp_state: "no_such_state" })).toBeNull();
  });

  test("other metrics are nobody's, and a series without a host has a reason", () => {
    expect(owner({ __name__: "node_cpu_seconds_total", instance: "a" })).toBeNull();
    expect(owner({ __name__: "ListenOverflows", instance: "a" })).toBeNull();
    expect(owner({})).toBeNull();
    expect(owner({ __name__: OVERFLOWS, job: "node" })).toMatch(/no label `instance`/);
    expect(owner({ __name__: OVERFLOWS, instance: ":9100" })).toMatch(/no name of a host/);
    expect(owner({ __name__: "nstat_TcpExtListenDrops", host: "b" })).toMatchObject({
      host: "b",
      labels: {},
    });
  });
});

test("what of labels and names no host may have is mended or cut, and nothing is refused for it", () => {
  const name = "n".repeat(400);
  const labels = { instance: "a", rack: `${"x".repeat(499)}\u{1F600}`, zone: "e\0u" };
  const { sections } = sectionsOf(
    [
      series({ __name__: OVERFLOWS, ...labels }, { value: 1 }),
      series({ __name__: CADVISOR, tcp_state: "listendrops", instance: "a", name }, { value: 1 }),
    ],
    new Senders(),
    "remote_write",
  );
  expect(sections).toHaveLength(1);
  expect(hostSchema.safeParse(sections[0]).success).toBe(true);
  expect(sections[0]?.labels).toMatchObject({ rack: `${"x".repeat(499)}\uFFFD`, zone: "e\uFFFDu" });
  expect(sections[0]?.namespaces).toMatchObject([{ name: "n".repeat(253) }]);
});

describe("sections", () => {
  test("series of one host and time are one snapshot; labels are kept where all have them alike", () => {
    const { sections, samples, ignored, rejected } = sectionsOf(
      [
        series(
          { __name__: OVERFLOWS, instance: "a:9100", job: "node", zone: "1" },
          { value: 3 },
          { at: AT + 15_000, value: 5 },
        ),
        series(
          { __name__: OPENS, instance: "a:9100", job: "node", zone: "2" },
          { value: 7 },
          { at: AT + 15_000, value: 2 ** 60 },
        ),
        series({ __name__: "up", instance: "a:9100" }, { value: 1 }),
      ],
      new Senders(),
      "remote_write",
    );
    expect(sections).toHaveLength(1);
    expect(sections[0]).toMatchObject({ name: "a", labels: { source: "remote_write", job: "node" } });
    expect(sections[0]?.labels).not.toHaveProperty("zone");
    expect(sections[0]?.snapshots).toMatchObject([
      { at: AT, values: [3, 7], uptimeMs: AT },
      { at: AT + 15_000, values: [5, "1152921504606846976"], everyMs: 15_000 },
    ]);
    expect(Object.values(sections[0]?.layouts ?? {})).toEqual([["TcpExtListenOverflows", "TcpPassiveOpens"]]);
    expect({ samples, ignored, rejected }).toEqual({ samples: [2, 2], ignored: 1, rejected: 0 });
  });

  test("each reading says in a value when the oldest of its counters began, in the one epoch that there is", () => {
    const started = (at: number, startedAt: number) => ({ at, value: 3, startedAt });
    const { sections, samples } = sectionsOf(
      [
        series(
          { __name__: OVERFLOWS, instance: "a" },
          started(AT, AT - 60_500),
          started(AT + 15_000, AT + 9_000),
        ),
        series(
          { __name__: OPENS, instance: "a" },
          started(AT, AT - 30_000),
          started(AT + 15_000, AT + 10_000),
        ),
        series({ __name__: "node_netstat_Tcp_CurrEstab", instance: "a" }, started(AT, AT - 90_000)),
      ],
      new Senders(),
      "otlp",
    );
    expect(sections).toHaveLength(1);
    const [section] = sections;
    const read = section?.snapshots.map(({ layout, values, uptimeMs }) => ({
      uptimeMs,
      ...Object.fromEntries((section.layouts?.[layout] ?? []).map((name, place) => [name, values[place]])),
    }));
    const counters = { TcpExtListenOverflows: 3, TcpPassiveOpens: 3 };
    expect(read).toEqual([
      { ...counters, TcpCurrEstab: 3, uptimeMs: AT, CountersStartSeconds: AT / 1_000 - 61 },
      { ...counters, uptimeMs: AT + 15_000, CountersStartSeconds: AT / 1_000 + 9 },
    ]);
    // What nobody sent is not counted as written.
    expect(samples).toEqual([3, 2]);
  });

  test("a start that is the time of its sample, or later, says nothing", () => {
    const { sections } = sectionsOf(
      [
        series({ __name__: OVERFLOWS, instance: "a" }, { value: 3, startedAt: AT }),
        series({ __name__: OPENS, instance: "a" }, { value: 3, startedAt: AT + 1 }),
      ],
      new Senders(),
      "otlp",
    );
    expect(sections[0]?.snapshots).toMatchObject([{ values: [3, 3] }]);
  });

  test("containers of cAdvisor are namespaces of their host, and none of their labels are its", () => {
    const labels = {
      __name__: CADVISOR,
      tcp_state: "listenoverflows",
      instance: "a:8080",
    };
    const { sections } = sectionsOf(
      [
        series({ ...labels, id: "/kubepods/1", pod: "shop-1", zone: "1" }, { value: 3 }),
        series({ ...labels, id: "/kubepods/2", pod: "shop-2", zone: "1" }, { value: 4 }),
      ],
      new Senders(),
      "remote_write",
    );
    expect(sections).toHaveLength(1);
    expect(sections[0]).not.toHaveProperty("labels");
    expect(sections[0]?.namespaces).toMatchObject([
      { kind: "container", name: "shop-1", labels: { id: "/kubepods/1", pod: "shop-1" } },
      { kind: "container", name: "shop-2" },
    ]);
    expect(sections[0]?.snapshots).toMatchObject([
      { namespace: 0, values: [3] },
      { namespace: 1, values: [4] },
    ]);
  });

  test("what a token may not say of a host changes nothing that is known of it", () => {
    const senders = new Senders();
    const said = (scrape: number, role: string, metric: string, isAllowed: boolean) => {
      const one = series({ __name__: metric, instance: "a", role }, { at: AT + scrape * 15_000, value: 3 });
      return sectionsOf([one], senders, "remote_write", { allowsHost: () => isAllowed }).sections[0];
    };
    for (let scrape = 0; scrape < 4; scrape++) {
      expect(said(scrape, "web", OVERFLOWS, true)).toMatchObject({ labels: { role: "web" } });
      expect(said(scrape, "other", OPENS, false)).toMatchObject({ name: "a", labels: { role: "other" } });
    }
    const capabilities = said(4, "web", OVERFLOWS, true)?.capabilities;
    expect(capabilities?.[0]?.reason).toMatch(/^not sent: PassiveOpens/);
  });

  test("a sample that lies in the future is refused, and changes nothing that is known of its host", () => {
    const senders = new Senders();
    const said = (at: number, role: string) =>
      sectionsOf([series({ __name__: OVERFLOWS, instance: "a", role }, { at, value: 3 })], senders, "otlp", {
        latest: AT + 60_000,
      });
    expect(said(AT, "web").sections[0]).toMatchObject({ labels: { role: "web" } });
    const future = said(AT + 60_001, "other");
    expect(future).toMatchObject({ sections: [], rejected: 1 });
    expect(future.fault).toMatch(/ListenOverflows of a: .* is ahead of the service's clock/);
    expect(said(AT + 60_000, "api").sections[0]).toMatchObject({
      labels: { role: "api" },
      snapshots: [{ everyMs: 60_000 }],
    });
  });

  test("what is no counter's value is refused and named; the end of a series is not", () => {
    const result = sectionsOf(
      [
        series(
          { __name__: OVERFLOWS, instance: "a" },
          { value: 1.5 },
          { at: AT + 1, value: -1 },
          { at: AT + 2, value: Number.NaN, stale: true },
        ),
        series({ __name__: OPENS, instance: "a" }, { at: -5, value: 1 }, { at: AT + 3, value: 9 }),
        series({ __name__: "node_netstat_Tcp_MaxConn", instance: "a" }, { value: -1 }),
        series({ __name__: OPENS }, { value: 1 }),
      ],
      new Senders(),
      "remote_write",
    );
    expect(result).toMatchObject({ rejected: 4, ignored: 2, samples: [1] });
    expect(result.fault).toMatch(/TcpExtListenOverflows of a: 1.5 is no counter/);
  });
});
