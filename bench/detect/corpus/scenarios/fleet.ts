import { grows, load, reopens, takes } from "../faults.ts";
import type { SimulatedHost } from "../host.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  plotOf,
  type Scenario,
  SECOND_MS,
  type Stage,
  spanOf,
  TAIL_MS,
} from "../scenario.ts";

/** The same fault on some hosts of a role of a hundred, within a minute. */
function slowRole(stage: Stage, count: number) {
  const hosts = stage.role(count, ({ queue }) => ({ queue: { ...queue, limit: 128 } }));
  const span = spanOf(stage, 8 * MINUTE_MS);
  for (const host of hosts) {
    const from = span.from + stage.chance.whole(0, 30) * SECOND_MS;
    host.faults.push(takes({ from, to: span.to }, () => 0.5));
  }
  return { hosts, span };
}

function fleetWide(count: number): Scenario {
  return {
    name: `the same fault on ${count} of 100 hosts of a role`,
    parameters: "capacity half of what comes, 8 min, begun within 30 s",
    expected: "APPLICATION_SLOW, one incident",
    isLarge: true,
    plot: (stage) => {
      const { hosts, span } = slowRole(stage, count);
      const episode = {
        ...span,
        causes: ["APPLICATION_SLOW"],
        expected: "incident",
        beginsWithLoss: true,
      } as const;
      return plotOf(stage, hosts, [episode]);
    },
  };
}

const someHosts: Scenario = {
  name: "the same fault on 19 of 100 hosts of a role",
  parameters: "capacity half of what comes, 8 min, begun within 30 s",
  expected: "APPLICATION_SLOW, one incident of each host",
  isLarge: true,
  plot: (stage) => {
    const { hosts, span } = slowRole(stage, 19);
    const episode = {
      ...span,
      causes: ["APPLICATION_SLOW"],
      expected: "incident",
      beginsWithLoss: true,
    } as const;
    return plotOf(
      stage,
      hosts,
      hosts.map(({ id }) => ({ ...episode, hosts: [id] })),
    );
  },
};

const noisy: Scenario = {
  name: "a noisy neighbour",
  parameters: "one of 30 hosts of a role with 3-10 times the load of the others, for good",
  expected: "nothing",
  isLarge: true,
  plot: (stage) => {
    const hosts = stage.role(30);
    const span = spanOf(stage, 2 * HOUR_MS);
    const one = hosts[0] as SimulatedHost;
    one.faults.push(load(span, stage.chance.between(3, 10)));
    return plotOf(stage, hosts, [], { to: span.to + TAIL_MS });
  },
};

const deployAndUpstream: Scenario = {
  name: "a deploy, and an upstream that refuses",
  parameters: "a restart of 20 s, and from then on 60 % of what goes out fails, for 15 min",
  expected: "UPSTREAM_REFUSING",
  plot: (stage) => {
    const host = stage.host({ leastOutgoing: 60 });
    const span = spanOf(stage, 15 * MINUTE_MS);
    host.faults.push(
      reopens({ from: span.from, to: span.from + 20 * SECOND_MS }, 20),
      grows(span, { TcpAttemptFails: 0.6 }, ({ opened }) => opened),
    );
    const hosts = new Set([host.id]);
    const event = { kind: "deploy", title: "a deploy", at: span.from, until: null, hosts };
    return plotOf(stage, [host], [{ ...span, causes: ["UPSTREAM_REFUSING"], expected: "incident" }], {
      events: [event],
    });
  },
};

const down: Scenario = {
  name: "the application ends",
  parameters: "nothing listens for 3-30 min",
  expected: "SERVICE_DOWN",
  plot: (stage) => {
    const host = stage.host({ least: 120 });
    const span = spanOf(stage, stage.chance.logBetween(3, 30) * MINUTE_MS);
    host.faults.push(reopens(span, stage.chance.whole(0, 50)));
    return plotOf(stage, [host], [{ ...span, causes: ["SERVICE_DOWN"], expected: "incident" }]);
  },
};

const cold: Scenario = {
  name: "a fault on a host that is new",
  parameters: "the application stalls for 2-10 min, 5 min, 50 min or 20 h after the first snapshot",
  expected: "APPLICATION_STALLED, and nothing before",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ least: 1_200, shape: ({ queue }) => ({ queue: { ...queue, limit: 128 } }) });
    const from = stage.start + chance.pick([5, 50, 1_200]) * MINUTE_MS;
    const span = { from, to: from + chance.whole(2, 10) * MINUTE_MS };
    host.faults.push(takes(span, () => 0));
    const episode = {
      ...span,
      causes: ["APPLICATION_STALLED"],
      expected: "incident",
      beginsWithLoss: true,
    } as const;
    return plotOf(stage, [host], [episode], { isCold: true });
  },
};

export const FLEET_SCENARIOS = [
  fleetWide(21),
  fleetWide(100),
  someHosts,
  noisy,
  deployAndUpstream,
  down,
  cold,
];
