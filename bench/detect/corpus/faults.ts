import { type Counter, PLACE } from "./counters.ts";
import { type Delivery, EVERY_MS, type Fault, type SimulatedHost } from "./host.ts";
import { MEMORY_PAGES } from "./shape.ts";

const SECONDS = EVERY_MS / 1_000;

/** When something is the matter, ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The application takes `share(0..1)` of what comes; 0: it is stopped. */
export function takes(span: Span, share: (progress: number) => number): Fault {
  return {
    ...span,
    before: (plan) => {
      const progress = Math.min(1, Math.max(0, (plan.at - span.from) / (span.to - span.from)));
      plan.capacity = (share(progress) * plan.arrivals) / SECONDS;
    },
  };
}

/**
 * Clients that come all at once in each of some seconds, on an application that keeps up with them.
 *
 * @param times as many as come otherwise
 * @param least but no fewer than these
 */
export function burst(span: Span, seconds: number, times: number, least: number): Fault {
  return {
    ...span,
    before: (plan) => {
      const each = Math.max(times * (plan.arrivals / SECONDS), least);
      plan.clumpSeconds = Math.min(SECONDS, seconds);
      plan.clumped = each * plan.clumpSeconds;
      plan.capacity = Math.max(plan.capacity, 1.5 * (plan.arrivals / SECONDS + each));
    },
  };
}

/** So many times as many clients as usual, on an application that keeps up. */
export function load(span: Span, times: number): Fault {
  return {
    ...span,
    before: (plan) => {
      plan.arrivals *= times;
      plan.outgoing *= times;
      plan.capacity *= Math.max(1, times);
    },
  };
}

/** A flood of SYNs with spoofed sources. With cookies off nearly no client gets in. */
export function flood(span: Span, perSecond: number, cookies: boolean): Fault {
  const refused = cookies ? 0 : 0.95;
  let turnedAway = 0;
  return {
    ...span,
    before: (plan, { chance }) => {
      turnedAway = chance.poisson(plan.arrivals * refused);
      plan.arrivals = Math.max(0, plan.arrivals - turnedAway);
    },
    after: ({ add, truth }, { chance, queue }) => {
      const syns = chance.poisson(perSecond * SECONDS);
      add("TcpInSegs", syns);
      if (cookies) {
        add("TcpExtTCPReqQFullDoCookies", syns);
        add("TcpExtSyncookiesSent", syns);
        add("TcpExtSyncookiesRecv", chance.poisson(syns * 0.015));
        add("TcpOutSegs", syns);
      } else {
        const dropped = syns + turnedAway * Math.min(5, queue.shape.syns);
        add("TcpExtTCPReqQFullDrop", dropped);
        add("TcpExtListenDrops", dropped);
        truth.arrived += turnedAway;
        truth.refused += turnedAway;
      }
      const again = chance.poisson(Math.min(syns, queue.shape.limit) * 0.5);
      add("TcpExtTCPSynRetrans", again);
      add("TcpRetransSegs", again);
    },
  };
}

/** Counters that grow by so many for each unit of another number of the same interval, or for each second. */
export function grows(
  span: Span,
  counters: Partial<Record<Counter, number>>,
  per: (taken: { readonly accepted: number; readonly opened: number; readonly sent: number }) => number,
): Fault {
  let before = { accepted: 0, opened: 0, sent: 0 };
  const now = ({ totals }: SimulatedHost) => ({
    accepted: totals[PLACE.TcpPassiveOpens] as number,
    opened: totals[PLACE.TcpActiveOpens] as number,
    sent: totals[PLACE.TcpOutSegs] as number,
  });
  return {
    ...span,
    before: (_plan, host) => {
      before = now(host);
    },
    after: ({ add }, host) => {
      const { accepted, opened, sent } = now(host);
      const units = per({
        accepted: accepted - before.accepted,
        opened: opened - before.opened,
        sent: sent - before.sent,
      });
      for (const [counter, each] of Object.entries(counters) as [Counter, number][]) {
        add(counter, host.chance.poisson(units * each));
      }
    },
  };
}

export const perSecond = (count: number) => () => count * SECONDS;

/** More go out than usual: what fails is tried again. */
export function opensMore(span: Span, times: number): Fault {
  return {
    ...span,
    before: (plan) => {
      plan.outgoing *= times;
    },
  };
}

/** TCP's buffers are full: handshakes are refused, and no queue is. */
export function memoryShort(span: Span, perMinute: number): Fault {
  return {
    ...span,
    after: ({ add, set, truth }, { chance }) => {
      const refused = chance.poisson((perMinute * EVERY_MS) / 60_000);
      add("TcpExtListenDrops", refused);
      add("TcpExtTCPMemoryPressures", chance.poisson(0.5));
      add("TcpExtPruneCalled", chance.poisson(perMinute / 10));
      set("SockstatTCPMem", MEMORY_PAGES * 1.1);
      truth.arrived += refused;
      truth.refused += refused;
    },
  };
}

/** Ports in TIME_WAIT fill the range until hardly one is left to go out by. */
export function portsRunOut(span: Span, fillMs: number, ports: number): Fault {
  const filled = (at: number) => Math.min(1, (at - span.from) / fillMs);
  return {
    ...span,
    before: (plan) => {
      if (filled(plan.at) >= 1) plan.outgoing *= 0.1;
    },
    after: ({ at, set }) => set("SockstatTCPTw", Math.round(ports * filled(at) * 0.98)),
  };
}

/** Connections that are opened and not closed: so much more of what is usual each hour. */
export function leaks(span: Span, sharePerHour: number, usual: number): Fault {
  return {
    ...span,
    after: ({ at, values, set }) => {
      const hours = (at - span.from) / 3_600_000;
      set("TcpCurrEstab", Math.round((values[PLACE.TcpCurrEstab] as number) + usual * sharePerHour * hours));
    },
  };
}

/**
 * The application closes its listener, and opens another one when the time is over: what waits is reset, and who comes
 * meanwhile is refused.
 */
export function reopens(span: Span, queued: number, everyMs = EVERY_MS): Fault {
  let isClosed = false;
  let refused = 0;
  return {
    from: span.from,
    to: span.to + everyMs,
    before: (plan, host) => {
      const isOver = plan.at > span.to;
      refused = isOver && isClosed ? 0 : plan.arrivals;
      plan.closed = !isOver;
      if (isOver) {
        // Shorter than an interval: the part of it in which nothing listened.
        if (!isClosed) {
          refused = plan.arrivals * Math.min(1, (span.to - span.from) / everyMs);
          plan.arrivals -= refused;
        }
        host.reopen(host.queue.shape);
      }
    },
    after: ({ add, truth }, { chance }) => {
      const clients = chance.poisson(refused);
      const reset = isClosed ? 0 : queued;
      isClosed = true;
      add("TcpEstabResets", reset);
      add("TcpOutRsts", reset + clients);
      truth.arrived += clients;
      truth.refused += clients;
    },
  };
}

/** Longer than every interval. */
const ONCE_MS = 600_000;

/** Something that happens once, with the first interval after `at`. */
export function once(at: number, happens: (host: SimulatedHost) => void): Fault {
  let isDone = false;
  return {
    from: at,
    to: at + ONCE_MS,
    before: (_plan, host) => {
      if (!isDone) happens(host);
      isDone = true;
    },
  };
}

/** What becomes of snapshots on their way. */
export function delivers(
  span: Span,
  deliver: (one: Delivery) => Delivery | readonly Delivery[] | null,
): Fault {
  return { ...span, deliver };
}

/** The machine is down: no snapshot, and every counter at 0 afterwards. */
export function reboots(span: Span, kind: "boot" | "namespace" | "agent"): Fault[] {
  return [delivers(span, () => null), once(span.to, (host) => host.restart(kind, span.to))];
}
