import { grows, load, perSecond, reopens, takes } from "../faults.ts";
import type { SimulatedHost } from "../host.ts";
import {
  HOUR_MS,
  LEAD_MS,
  MINUTE_MS,
  plotOf,
  type Scenario,
  SECOND_MS,
  type Stage,
  spanOf,
  TAIL_MS,
} from "../scenario.ts";

const step: Scenario = {
  name: "load goes up or down",
  parameters: "x0.1-x5, for 10 min-2 h",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host();
    const span = spanOf(stage, stage.chance.logBetween(10, 120) * MINUTE_MS);
    host.faults.push(load(span, stage.chance.logBetween(0.1, 5)));
    return plotOf(stage, [host], [], { to: span.to + TAIL_MS });
  },
};

const holiday: Scenario = {
  name: "two days and a holiday",
  parameters: "one day x0.3 that begins and ends within an hour",
  expected: "nothing",
  isLarge: true,
  plot: (stage) => {
    const host = stage.host();
    const from = stage.start + 24 * HOUR_MS;
    for (let part = 0; part < 10; part++) {
      const factor = 1 - 0.07 * (part + 1);
      const [begins, ends] = [from + part * 6 * MINUTE_MS, from + 24 * HOUR_MS + (10 - part) * 6 * MINUTE_MS];
      const before = 1 - 0.07 * part;
      host.faults.push(load({ from: begins, to: ends }, factor / before));
    }
    return plotOf(stage, [host], [], { to: from + 25 * HOUR_MS + TAIL_MS });
  },
};

/** A recorded deploy, or one that nobody recorded. */
function deploys(stage: Stage, hosts: readonly SimulatedHost[], everyMs: number) {
  const { chance } = stage;
  const isRecorded = chance.next() < 0.5;
  const span = spanOf(stage, hosts.length * everyMs + 90 * SECOND_MS);
  hosts.forEach((host, index) => {
    const from = span.from + index * everyMs;
    const to = from + chance.whole(2, 50) * SECOND_MS;
    host.faults.push(reopens({ from, to }, chance.whole(0, 200)));
  });
  const ids = hosts.map(({ id }) => id);
  const event = { kind: "deploy", title: "a deploy", at: span.from, until: span.to, hosts: new Set(ids) };
  return plotOf(stage, hosts, [], { events: isRecorded ? [event] : [], to: span.to + TAIL_MS });
}

const deploy: Scenario = {
  name: "the application is deployed anew",
  parameters: "2-50 s without a listener, 0-200 connections reset; half of them recorded",
  expected: "nothing",
  plot: (stage) => deploys(stage, [stage.host()], 0),
};

const rollingDeploy: Scenario = {
  name: "a role is deployed in waves",
  parameters: "5-40 hosts, one after the other",
  expected: "nothing",
  isLarge: true,
  plot: (stage) => deploys(stage, stage.role(stage.chance.whole(5, 40)), 20 * SECOND_MS),
};

const maintenance: Scenario = {
  name: "a maintenance window",
  parameters: "with restarts and a stopped application in it",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host({ least: 600, shape: ({ queue }) => ({ queue: { ...queue, limit: 128 } }) });
    const span = spanOf(stage, 30 * MINUTE_MS);
    const at = (minutes: number) => span.from + minutes * MINUTE_MS;
    host.faults.push(
      reopens({ from: at(2), to: at(4) }, 100),
      takes({ from: at(8), to: at(16) }, () => 0),
      reopens({ from: at(18), to: at(19) }, 0),
    );
    const hosts = new Set([host.id]);
    const until = span.to;
    const event = { kind: "maintenance", title: "a window", at: span.from - MINUTE_MS, until, hosts };
    return plotOf(stage, [host], [], { events: [event] });
  },
};

/** A host on which nothing was ever dropped. */
const quiet = (stage: Stage) => stage.host({ fits: ({ blips }) => blips === 0 });
const overflows = (host: SimulatedHost, at: number, count: number) =>
  host.faults.push({
    from: at,
    to: at + 10 * SECOND_MS,
    after: ({ add }) => {
      add("TcpExtListenOverflows", count);
      add("TcpExtListenDrops", count);
    },
  });

const quietBlip: Scenario = {
  name: "the first overflows after weeks of zeros, 1 or 3",
  parameters: "16 days of zeros, then 1 or 3 in one interval",
  expected: "nothing",
  plot: (stage) => {
    const host = quiet(stage);
    overflows(host, spanOf(stage, 0).from, stage.chance.pick([1, 3]));
    return plotOf(stage, [host], []);
  },
};

const quietBurst: Scenario = {
  name: "the first overflows after weeks of zeros, 30 or 100",
  parameters: "16 days of zeros, then 30 or 100 in one interval",
  expected: "flagged, and nobody told",
  plot: (stage) => {
    const host = quiet(stage);
    const span = spanOf(stage, 10 * SECOND_MS);
    overflows(host, span.from, stage.chance.pick([30, 100]));
    return plotOf(stage, [host], [{ ...span, causes: ["ACCEPT_QUEUE_TOO_SMALL"], expected: "flag" }]);
  },
};

const blips: Scenario = {
  name: "benign blips",
  parameters: "1-3 overflows a few times a day, for a day",
  expected: "nothing",
  plot: (stage) => {
    const host = stage.host({ shape: () => ({ blips: stage.chance.between(2, 10) }) });
    return plotOf(stage, [host], [], { to: stage.start + 24 * HOUR_MS });
  },
};

const healthChecks: Scenario = {
  name: "health checks that do not finish their handshake",
  parameters: "0.2-5 a second reset half-open, all day; nothing else",
  expected: "at most a note",
  isLarge: true,
  plot: (stage) => {
    const host = stage.host();
    const from = stage.start + LEAD_MS;
    const span = { from, to: from + 6 * HOUR_MS };
    const rate = stage.chance.logBetween(0.2, 5);
    host.faults.push(grows(span, { TcpAttemptFails: 1, TcpExtEmbryonicRsts: 1 }, perSecond(rate)));
    return plotOf(stage, [host], [{ ...span, causes: ["INBOUND_SCAN"], expected: "note" }]);
  },
};

export const BENIGN_SCENARIOS = [
  step,
  holiday,
  deploy,
  rollingDeploy,
  maintenance,
  quietBlip,
  quietBurst,
  blips,
  healthChecks,
];
