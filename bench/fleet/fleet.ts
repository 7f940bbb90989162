/**
 * A fleet that does not exist: its hosts, and what their counters say at each interval. The seed decides
 * everything, so two runs, and two servers in one run, are given the same values.
 *
 * Of 150 counters 90 stand still, 38 move by a few now and then, and 22 follow the traffic, which has a daily
 * course of its own on each host. On some hosts an accept queue overflows in bursts.
 */
import { createHash } from "node:crypto";
import { randomOf, uuidOf } from "../../src/demo/random.ts";
import { BURST, BUSY, COUNTERS, SLOW } from "./counters.ts";

export interface FleetOptions {
  readonly seed: string;
  readonly hosts: number;
  /** ms since 1970; the first snapshots lie within one interval of it. */
  readonly startMs: number;
  readonly everyMs: number;
  /** Share of the hosts that have bursts; at least one has. */
  readonly burstShare: number;
}

export const FLEET_DEFAULTS = { seed: "spillway", everyMs: 10_000, burstShare: 0.005 };

const REGIONS = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1"];
const ROLES = [
  ...["web", "api", "auth", "cart", "search", "checkout", "payments", "catalog", "media", "mail"],
  ...["queue", "cache", "db-proxy", "gateway", "edge", "batch", "metrics", "logs", "build", "admin"],
];

const DAY_MS = 24 * 3_600_000;
/** A slow counter moves in one of so many intervals. */
const SLOW_INTERVALS = 20;
/** A burst begins in one of so many intervals, and lasts for some of them. */
const BURST_INTERVALS = 120;
const BURST_LENGTH = 12;

/** Who a host is. */
export interface HostIdentity {
  readonly index: number;
  readonly id: string;
  readonly key: string;
  readonly machineId: string;
  readonly name: string;
  readonly region: string;
  readonly role: string;
  readonly boot: string;
  /** ms since 1970 */
  readonly bootedMs: number;
}

export function hostIdentity({ seed, startMs }: FleetOptions, index: number): HostIdentity {
  const own = `${seed} host ${index}`;
  const sha = (of: string) => createHash("sha256").update(`${own} ${of}`).digest();
  const role = ROLES[index % ROLES.length] ?? "";
  return {
    index,
    id: uuidOf(`${own} id`),
    key: sha("key").toString("base64url"),
    machineId: sha("machine").toString("hex"),
    name: `${role}-${String(index).padStart(5, "0")}.example.net`,
    region: REGIONS[Math.floor(index / ROLES.length) % REGIONS.length] ?? "",
    role,
    boot: uuidOf(`${own} boot`),
    bootedMs: startMs - Math.floor((1 + (index % 60)) * DAY_MS),
  };
}

/** Whether a host is one of those with bursts: evenly spread, and as many as the share says. */
export function hasBursts({ hosts, burstShare }: FleetOptions, index: number): boolean {
  const bursting = Math.max(1, Math.round(hosts * burstShare));
  return Math.floor(((index + 1) * bursting) / hosts) > Math.floor((index * bursting) / hosts);
}

const busyPositions = positions((name) => BUSY.has(name));
const slowPositions = positions((name) => SLOW.has(name));
const burstPositions = BURST.map((name) => COUNTERS.indexOf(name));
const ESTABLISHED = COUNTERS.indexOf("TcpCurrEstab");

function positions(wanted: (name: string) => boolean): readonly number[] {
  return COUNTERS.flatMap((name, position) => (wanted(name) ? [position] : []));
}

/** What a host's counters say, interval by interval. */
export class SimulatedHost {
  readonly identity: HostIdentity;
  /** One for each of COUNTERS, as /proc prints it: -1 stands for a limit that is not set. Changed by `advance`. */
  readonly values = new Float64Array(COUNTERS.length);
  /** Time of `values`, ms since 1970. */
  at: number;
  /** How long after `at` the next interval is; may be changed between two. */
  everyMs: number;
  readonly #random: () => number;
  readonly #rates: readonly number[];
  readonly #phase: number;
  readonly #bursts: boolean;
  #burstLeft = 0;

  constructor(options: FleetOptions, index: number) {
    this.identity = hostIdentity(options, index);
    this.everyMs = options.everyMs;
    this.#random = randomOf(`${options.seed} values ${index}`);
    const random = this.#random;
    this.at = options.startMs + Math.floor(random() * options.everyMs);
    this.#phase = random();
    this.#bursts = hasBursts(options, index);
    // From 2 to 500 a second at its mean, most of them small.
    this.#rates = busyPositions.map(() => 2 * 250 ** random());
    const uptimeS = (this.at - this.identity.bootedMs) / 1_000;
    const rates = new Map(busyPositions.map((position, place) => [position, this.#rates[place] ?? 0]));
    for (let position = 0; position < COUNTERS.length; position++) {
      const rate = rates.get(position);
      if (rate !== undefined) this.values[position] = Math.floor(rate * uptimeS);
      else if (slowPositions.includes(position))
        this.values[position] = Math.floor((random() * uptimeS) / 100);
      // Most of what stands still has never moved.
      else this.values[position] = random() < 0.8 ? 0 : Math.floor(random() * 3_000);
    }
    for (const [name, value] of CONSTANTS) this.values[COUNTERS.indexOf(name)] = value;
    this.#establish(1);
  }

  /** Goes on to the next interval. */
  advance(): void {
    const random = this.#random;
    this.at += this.everyMs;
    const day = 1 + 0.6 * Math.sin(2 * Math.PI * (this.at / DAY_MS + this.#phase));
    const seconds = this.everyMs / 1_000;
    for (let place = 0; place < busyPositions.length; place++) {
      const rate = this.#rates[place] ?? 0;
      this.#grow(busyPositions[place] ?? 0, Math.floor(rate * day * (0.8 + 0.4 * random()) * seconds));
    }
    for (const position of slowPositions) {
      if (random() * SLOW_INTERVALS < 1) this.#grow(position, 1 + Math.floor(random() * 3));
    }
    if (this.#bursts) this.#burst();
    this.#establish(day);
  }

  #burst(): void {
    const random = this.#random;
    if (this.#burstLeft === 0 && random() * BURST_INTERVALS < 1) {
      this.#burstLeft = 1 + Math.floor(random() * BURST_LENGTH);
    }
    if (this.#burstLeft === 0) return;
    this.#burstLeft--;
    const refused = 1 + Math.floor(random() * 300);
    for (const position of burstPositions) this.#grow(position, refused);
  }

  /** Connections that are open now: a gauge. */
  #establish(day: number): void {
    this.values[ESTABLISHED] = Math.floor((this.#rates[0] ?? 0) * day * (8 + 4 * this.#random()));
  }

  #grow(position: number, by: number): void {
    this.values[position] = (this.values[position] ?? 0) + by;
  }
}

const CONSTANTS: readonly (readonly [string, number])[] = [
  ["TcpRtoAlgorithm", 1],
  ["TcpRtoMin", 200],
  ["TcpRtoMax", 120_000],
  ["TcpMaxConn", -1],
];
