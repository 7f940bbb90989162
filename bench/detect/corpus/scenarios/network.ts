import type { Cause } from "../../../../src/detect/diagnosis/cause.ts";
import type { Counter } from "../counters.ts";
import { grows, leaks, memoryShort, opensMore, perSecond, portsRunOut, type Span } from "../faults.ts";
import type { Fault } from "../host.ts";
import { HOUR_MS, MINUTE_MS, plotOf, type Scenario, type Stage, spanOf, type Wanted } from "../scenario.ts";
import { LOCAL_PORTS } from "../shape.ts";

/** One host with faults of one cause. */
function oneHost(
  name: string,
  parameters: string,
  cause: Cause,
  wanted: Wanted,
  faults: (stage: Stage, span: Span) => readonly Fault[],
  lasts: (stage: Stage) => number = ({ chance }) => chance.logBetween(4, 30) * MINUTE_MS,
): Scenario {
  return {
    name,
    parameters,
    expected: cause,
    plot: (stage) => {
      const host = stage.host(wanted);
      const span = spanOf(stage, lasts(stage));
      host.faults.push(...faults(stage, span));
      return plotOf(stage, [host], [{ ...span, causes: [cause], expected: "incident" }]);
    },
  };
}

const each = (...counters: Counter[]): Partial<Record<Counter, number>> =>
  Object.fromEntries(counters.map((counter) => [counter, 1]));

/** Where as many connections go out as a scan begins, it does not show. */
const FEW_GO_OUT: Wanted = { fits: ({ perMinute, outgoing }) => perMinute * outgoing <= 60 };

const scan = oneHost(
  "scan of an open port",
  "10-1,000 half-open handshakes a second, 4-30 min",
  "INBOUND_SCAN",
  FEW_GO_OUT,
  ({ chance }, span) => [
    grows(
      span,
      each("TcpAttemptFails", "TcpExtEmbryonicRsts", "TcpInSegs"),
      perSecond(chance.logBetween(10, 1_000)),
    ),
  ],
);

const portScan: Scenario = {
  ...oneHost(
    "scan of closed ports",
    "10-1,000 packets a second, on a host with fewer than a fifth of that in connections",
    "INBOUND_SCAN",
    {},
    () => [],
  ),
  plot: (stage) => {
    const host = stage.host(FEW_GO_OUT);
    const span = spanOf(stage, stage.chance.logBetween(4, 30) * MINUTE_MS);
    const rate = Math.max(stage.chance.logBetween(20, 1_000), host.shape.perMinute / 4);
    host.faults.push(grows(span, each("TcpInSegs", "TcpOutRsts"), perSecond(rate)));
    return plotOf(stage, [host], [{ ...span, causes: ["INBOUND_SCAN"], expected: "incident" }]);
  },
};

const OUTGOING = { leastOutgoing: 30 };

const refuses = oneHost(
  "an upstream refuses",
  "20-100 % of the connections that go out, 4-30 min",
  "UPSTREAM_REFUSING",
  OUTGOING,
  ({ chance }, span) => {
    const share = chance.between(0.2, 1);
    return [opensMore(span, 1 + share), grows(span, { TcpAttemptFails: share }, ({ opened }) => opened)];
  },
);

const blackhole = oneHost(
  "an upstream does not answer",
  "40-100 % of the connections that go out, the application waits 1-30 s",
  "UPSTREAM_UNREACHABLE",
  OUTGOING,
  ({ chance }, span) => {
    const waits = chance.logBetween(1, 30);
    const again = chance.between(0.4, 1) * Math.max(1, Math.log2(waits + 1));
    const counters = { TcpExtTCPSynRetrans: again, TcpRetransSegs: again, TcpExtTCPTimeouts: again };
    return [grows(span, counters, ({ opened }) => opened)];
  },
);

const clientsAbort = oneHost(
  "clients reset their connections",
  "30-100 % of those accepted",
  "CLIENT_ABORTS",
  { least: 60 },
  ({ chance }, span) => [grows(span, { TcpEstabResets: chance.between(0.3, 1) }, ({ accepted }) => accepted)],
);

const weAbort = oneHost(
  "the application resets its connections",
  "30-100 % of those accepted",
  "LOCAL_ABORTS",
  { least: 60 },
  ({ chance }, span) => {
    const share = chance.between(0.3, 1);
    const counters = {
      TcpEstabResets: share,
      TcpOutRsts: share,
      TcpExtTCPAbortOnClose: 0.7 * share,
      TcpExtTCPAbortOnData: 0.3 * share,
    };
    return [grows(span, counters, ({ accepted }) => accepted)];
  },
);

const pathLoss = oneHost(
  "packets are lost on the way",
  "1.5-10 % of the segments, 4-30 min",
  "PATH_LOSS",
  { least: 120 },
  ({ chance }, span) => {
    const lost = chance.logBetween(0.015, 0.1);
    const counters = {
      TcpRetransSegs: lost,
      TcpExtTCPTimeouts: lost * 0.1,
      TcpExtTCPLostRetransmit: lost * lost,
    };
    return [grows(span, counters, ({ sent }) => sent)];
  },
);

const memory = oneHost(
  "TCP is short of memory",
  "10-100 handshakes a minute refused without a full queue",
  "MEMORY_PRESSURE",
  {},
  ({ chance }, span) => [memoryShort(span, chance.logBetween(10, 100))],
);

const ports: Scenario = {
  name: "local ports run out",
  parameters: "TIME_WAIT fills the range in 1-30 min, then a tenth goes out, for 10 min",
  expected: "PORT_EXHAUSTION",
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ leastOutgoing: 300 });
    const fillMs = chance.logBetween(1, 30) * MINUTE_MS;
    const span = spanOf(stage, fillMs + 10 * MINUTE_MS);
    host.faults.push(portsRunOut(span, fillMs, LOCAL_PORTS * chance.between(0.98, 1)));
    const from = span.from + fillMs;
    return plotOf(stage, [host], [{ ...span, from, causes: ["PORT_EXHAUSTION"], expected: "incident" }]);
  },
};

const leak: Scenario = {
  name: "connections leak",
  parameters: "5-10 % more each hour, for 12-48 h, after a day without",
  expected: "CONNECTION_LEAK",
  isLarge: true,
  plot: (stage) => {
    const { chance } = stage;
    const host = stage.host({ least: 600, fits: ({ held }) => held >= 5 });
    const span = spanOf(stage, chance.whole(12, 48) * HOUR_MS, 24 * HOUR_MS);
    const { perMinute, outgoing, held } = host.shape;
    host.faults.push(leaks(span, chance.between(0.05, 0.1), (perMinute / 60) * (1 + outgoing) * held));
    return plotOf(stage, [host], [{ ...span, causes: ["CONNECTION_LEAK"], expected: "incident" }]);
  },
};

export const NETWORK_SCENARIOS = [
  scan,
  portScan,
  refuses,
  blackhole,
  clientsAbort,
  weAbort,
  pathLoss,
  memory,
  ports,
  leak,
];
