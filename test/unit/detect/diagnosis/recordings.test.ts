import { describe, expect, test } from "vitest";
import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import { readRecordings, windowBySteps, windowOfOneInterval } from "../support/recording.ts";
import { diagnosisOf } from "../support/windows.ts";

/** The first cause of each episode; null where nothing is wrong. */
const CAUSES: Readonly<Record<string, Cause | null>> = {
  healthy: null,
  backlog_small_app_stopped: "APPLICATION_STALLED",
  overflow_multiplicity_20_attempts_10s: "APPLICATION_STALLED",
  slow_accept_10ps_vs_30ps: "APPLICATION_SLOW",
  burst_400_vs_backlog16_fast_app: "ACCEPT_QUEUE_TOO_SMALL",
  // A pause that a longer queue would have bridged: everybody was served in the end.
  stall_3s_then_recover: "ACCEPT_QUEUE_TOO_SMALL",
  synflood_syncookies1: "SYN_FLOOD",
  synflood_syncookies0: "SYN_QUEUE_FULL",
  syn_scan_open_port: "INBOUND_SCAN",
  syn_scan_closed_port: "INBOUND_SCAN",
  upstream_refused: "UPSTREAM_REFUSING",
  upstream_blackhole_kernel_timeout: "UPSTREAM_UNREACHABLE",
  upstream_blackhole_app_timeout: "UPSTREAM_UNREACHABLE",
  client_abort_rst: "CLIENT_ABORTS",
  server_abort_linger0: "LOCAL_ABORTS",
  server_close_unread: "LOCAL_ABORTS",
  deploy_restart_40_in_queue: "RESTART",
  bulk_loss_3pct: "PATH_LOSS",
  bulk_loss_0: null,
  syn_or_synack_loss_20pct: "PATH_LOSS",
  port_exhaustion_16_ports: "PORT_EXHAUSTION",
  abort_on_overflow_1: "APPLICATION_STALLED",
  final_ack_lost_30pct: "PATH_LOSS",
};

/** Settings that an episode was made under; the others have the kernel's own. */
const SYSCTLS: Readonly<Record<string, Record<string, string>>> = {
  synflood_syncookies0: { "net.ipv4.tcp_syncookies": "0" },
  port_exhaustion_16_ports: { "net.ipv4.ip_local_port_range": "40000 40015" },
};

/** What one interval cannot show: fewer outgoing connections than before it, where nothing was learned. */
const NEEDS_STEPS = ["port_exhaustion_16_ports"];

const recordings = readRecordings().map((recording) => [recording.episode, recording] as const);
const around = (episode: string) => ({ kernel: "6.18.44", sysctls: SYSCTLS[episode] ?? {} });

test("every recorded episode has its cause", () => {
  expect(recordings.map(([episode]) => episode)).toEqual(Object.keys(CAUSES));
});

describe("in one interval of an agent, with the queue looked at each second", () => {
  test.each(recordings.filter(([episode]) => !NEEDS_STEPS.includes(episode)))("%s", (episode, recording) => {
    const found = diagnosisOf(windowOfOneInterval(recording), around(episode));
    expect(found?.cause ?? null).toBe(CAUSES[episode]);
  });
});

describe("in snapshots a second apart", () => {
  // Too short for two snapshots.
  const long = recordings.filter(([, { steps }]) => steps.length > 2);
  test.each(long)("%s", (episode, recording) => {
    const found = diagnosisOf(windowBySteps(recording), around(episode));
    expect(found?.cause ?? null).toBe(CAUSES[episode]);
  });
});
