import type { QueueShape } from "../accept-queue.ts";
import { burst, flood, takes } from "../faults.ts";
import { HOUR_MS, MINUTE_MS, plotOf, type Scenario, SECOND_MS, type Stage, spanOf } from "../scenario.ts";

/** Fewer connections a minute fill no queue in time. */
const BUSY = 300;

const LOSES = { beginsWithLoss: true } as const;

const withLimit = (limit: number, more: Partial<QueueShape> = {}) => ({
  least: BUSY,
  shape: ({ queue }: { readonly queue: QueueShape }) => ({ queue: { ...queue, limit, ...more } }),
});

const smallBacklog: Scenario = {
  name: "bursts on a small backlog",
  parameters: "backlog 16-511, x5-x50 at once in 1-5 seconds, every 10-20 s for 2-10 min",
  expected: "ACCEPT_QUEUE_TOO_SMALL",
  plot: (stage) => {
    const { chance } = stage;
    const limit = chance.pick([16, 32, 64, 128, 511]);
    const host = stage.host({ ...withLimit(limit), least: Math.max(BUSY, limit * 8) });
    const span = spanOf(stage, chance.whole(2, 10) * MINUTE_MS);
    const times = chance.logBetween(5, 50);
    for (let from = span.from; from < span.to; from += chance.pick([1, 1, 2]) * 10 * SECOND_MS) {
      const to = from + 10 * SECOND_MS;
      // Larger than the queue and what the application takes meanwhile, or it is no overflow.
      host.faults.push(burst({ from, to }, chance.whole(1, 5), times, 2 * limit));
    }
    return plotOf(
      stage,
      [host],
      [{ ...span, ...LOSES, causes: ["ACCEPT_QUEUE_TOO_SMALL"], expected: "incident" }],
    );
  },
};

function stalls(stage: Stage, seconds: number, expected: "incident" | "note") {
  const { chance } = stage;
  // What fills the queue in the half of its time; a queue that no host would fill so soon is not drawn.
  const least = (limit: number) => Math.max(BUSY, (limit * 60) / Math.min(seconds / 2, 60));
  const limits = [128, 256, 511].filter((limit, index) => index === 0 || least(limit) <= stage.busiest);
  const limit = chance.pick(limits);
  const host = stage.host({ ...withLimit(limit), least: Math.min(least(limit), stage.busiest) });
  const span = spanOf(stage, seconds * SECOND_MS);
  host.faults.push(takes(span, () => 0));
  const episode = { ...span, ...LOSES, causes: ["APPLICATION_STALLED"], expected } as const;
  return plotOf(stage, [host], [episode]);
}

const stall: Scenario = {
  name: "the application stalls",
  parameters: "60 s-10 min, backlog 128-511",
  expected: "APPLICATION_STALLED",
  plot: (stage) => stalls(stage, Math.round(stage.chance.logBetween(60, 600)), "incident"),
};

const shortStall: Scenario = {
  name: "the application stalls for a moment",
  parameters: "5-20 s, backlog 128-511",
  expected: "at most a note",
  plot: (stage) => stalls(stage, stage.chance.whole(5, 20), "note"),
};

const slow: Scenario = {
  name: "the application accepts too slowly",
  parameters: "capacity 0.3-0.9 of what comes, 5-60 min, backlog 128-511",
  expected: "APPLICATION_SLOW",
  plot: (stage) => {
    const { chance } = stage;
    const limit = chance.pick([128, 256, 511]);
    const host = stage.host({ ...withLimit(limit), least: Math.max(BUSY, limit * 4) });
    const share = chance.between(0.3, 0.9);
    const span = spanOf(stage, chance.logBetween(5, 60) * MINUTE_MS);
    host.faults.push(takes(span, () => share));
    return plotOf(stage, [host], [{ ...span, ...LOSES, causes: ["APPLICATION_SLOW"], expected: "incident" }]);
  },
};

const ramp: Scenario = {
  name: "the application becomes slower",
  parameters: "share lost 0 to 5 % over 10-120 min, backlog 128",
  expected: "APPLICATION_SLOW",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ ...withLimit(128), least: 1_200 });
    const span = spanOf(stage, chance.logBetween(10, 120) * MINUTE_MS);
    host.faults.push(takes(span, (progress) => 1.02 - 0.07 * progress));
    return plotOf(stage, [host], [{ ...span, ...LOSES, causes: ["APPLICATION_SLOW"], expected: "incident" }]);
  },
};

function floods(stage: Stage, cookies: boolean) {
  const { chance } = stage;
  const sysctls = { "net.ipv4.tcp_syncookies": cookies ? "1" : "0" };
  const host = stage.host({ shape: (shape) => ({ sysctls: { ...shape.sysctls, ...sysctls } }) });
  const span = spanOf(stage, chance.logBetween(60, 1_800) * SECOND_MS);
  // No flood to a host with more clients than that.
  const least = Math.max(100, host.shape.perMinute / 5);
  host.faults.push(flood(span, chance.logBetween(least, 50_000), cookies));
  return plotOf(
    stage,
    [host],
    [{ ...span, causes: [cookies ? "SYN_FLOOD" : "SYN_QUEUE_FULL"], expected: "incident" }],
  );
}

const cookies: Scenario = {
  name: "SYN flood, cookies on",
  parameters: "100-50,000 a second, 1-30 min",
  expected: "SYN_FLOOD",
  plot: (stage) => floods(stage, true),
};

const noCookies: Scenario = {
  name: "SYN flood, cookies off",
  parameters: "100-50,000 a second, 1-30 min",
  expected: "SYN_QUEUE_FULL",
  plot: (stage) => floods(stage, false),
};

const flapping: Scenario = {
  name: "a stall that comes and goes",
  parameters: "20-40 s of stall, 40-400 s without, for 2 h; backlog 128",
  expected: "APPLICATION_STALLED, one incident",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ ...withLimit(128), least: 1_200 });
    const span = spanOf(stage, 2 * HOUR_MS);
    for (let from = span.from; from < span.to; ) {
      const to = from + chance.whole(20, 40) * SECOND_MS;
      host.faults.push(takes({ from, to }, () => 0));
      from = to + chance.whole(40, 400) * SECOND_MS;
    }
    const causes = ["APPLICATION_STALLED", "APPLICATION_SLOW", "ACCEPT_QUEUE_TOO_SMALL"] as const;
    return plotOf(stage, [host], [{ ...span, ...LOSES, causes, expected: "incident" }]);
  },
};

const floodAndSlow: Scenario = {
  name: "a slow application under a SYN flood",
  parameters: "both at once, 5-20 min",
  expected: "APPLICATION_SLOW, the flood beside it",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ ...withLimit(128), least: 1_200 });
    const span = spanOf(stage, chance.whole(5, 20) * MINUTE_MS);
    host.faults.push(
      takes(span, () => 0.5),
      flood(span, chance.logBetween(1_000, 20_000), true),
    );
    return plotOf(stage, [host], [{ ...span, ...LOSES, causes: ["APPLICATION_SLOW"], expected: "incident" }]);
  },
};

export const QUEUE_SCENARIOS = [
  smallBacklog,
  stall,
  shortStall,
  slow,
  ramp,
  cookies,
  noCookies,
  flapping,
  floodAndSlow,
];
