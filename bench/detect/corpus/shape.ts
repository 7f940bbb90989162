import type { QueueShape } from "./accept-queue.ts";
import type { Chance } from "./chance.ts";

/** What a host is like when nothing is wrong. */
export interface HostShape {
  /** Connections that come in a minute, in the middle of a weekday. */
  readonly perMinute: number;
  /** 0 to 1: how far nights are below days; and weekends, as a factor. */
  readonly amplitude: number;
  readonly weekend: number;
  /** Slow noise that minutes share with their neighbours: its standard deviation, and its memory from minute to minute. */
  readonly slow: number;
  readonly memory: number;
  /** Shape of the gamma noise of each minute: 100 is little, 10 is much. */
  readonly noise: number;
  /** For each connection that comes: connections that go out, segments, resets of either kind. */
  readonly outgoing: number;
  readonly segments: number;
  readonly resets: number;
  readonly resetsSent: number;
  /** Share of segments that are lost. */
  readonly lossFloor: number;
  /** In a minute, on hosts that see some all day: failed attempts, half-open resets, overflows that nobody feels. */
  readonly failsFloor: number;
  readonly embryonicFloor: number;
  /** Blips of one to three overflows, a day. */
  readonly blips: number;
  /** Seconds that a connection is held. */
  readonly held: number;
  /** How many times what comes the application can take. */
  readonly capacity: number;
  readonly queue: QueueShape;
  readonly kernel: string;
  readonly sysctls: Readonly<Record<string, string>>;
}

const KERNELS = ["5.15.0", "6.1.0", "6.8.0", "6.12.0"] as const;
export const LOCAL_PORTS = 28_232;
export const MEMORY_PAGES = 120_000;

/** A host as they are found: small and large, calm and noisy. @param perMinute for hosts of one role, which are alike */
export function shapeOf(chance: Chance, perMinute = chance.logBetween(10, 20_000)): HostShape {
  const kernel = chance.pick(KERNELS);
  const floor = (share: number, least: number, most: number) =>
    chance.next() < share ? chance.logBetween(least, most) : 0;
  return {
    perMinute: perMinute * chance.between(0.8, 1.25),
    amplitude: chance.between(0.2, 0.8),
    weekend: chance.between(0.5, 1),
    slow: chance.between(0.05, 0.15),
    memory: chance.between(0.9, 0.99),
    noise: chance.logBetween(10, 100),
    outgoing: chance.logBetween(0.05, 3),
    segments: chance.logBetween(8, 60),
    resets: chance.logBetween(0.001, 0.05),
    resetsSent: chance.logBetween(0.001, 0.05),
    lossFloor: chance.logBetween(0.0001, 0.004),
    failsFloor: floor(0.3, 0.05, 20),
    embryonicFloor: floor(0.2, 0.05, 5),
    blips: floor(0.3, 0.5, 5),
    held: chance.logBetween(0.1, 30),
    capacity: chance.between(2, 6),
    queue: {
      limit: chance.pick([128, 256, 511, 1_024, 4_096]),
      syns: chance.pick([4, 7] as const),
      patience: chance.pick([5, 10, 30]),
      cookies: true,
    },
    kernel,
    sysctls: {
      "net.core.somaxconn": "4096",
      "net.ipv4.tcp_syncookies": "1",
      "net.ipv4.tcp_abort_on_overflow": "0",
      "net.ipv4.ip_local_port_range": "32768 60999",
      "net.ipv4.tcp_mem": `90000 ${MEMORY_PAGES} 180000`,
    },
  };
}

const DAY_MINUTES = 1_440;

/** The share of a host's load that the hour and the day give it. */
export function seasonAt({ amplitude, weekend }: HostShape, at: number): number {
  const minute = at / 60_000;
  const weekday = (Math.floor(minute / DAY_MINUTES) + 4) % 7;
  const phase = Math.sin((((minute % DAY_MINUTES) / DAY_MINUTES) * 2 - 0.5) * Math.PI);
  return (1 + amplitude * phase) * (weekday === 0 || weekday === 6 ? weekend : 1);
}
