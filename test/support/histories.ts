/** Random histories of a namespace: everything that can happen to one between two snapshots. */
import fc from "fast-check";
import type { OracleListeners, OracleSnapshot, OracleSocket } from "./oracle.ts";

/** Two events, two that are rolled up when the minute is over, a gauge, a constant. */
export const NAMES = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpCurrEstab",
  "TcpRtoMin",
] as const;
/** Another kernel's: one more, one less, in another order. */
const OTHER_NAMES = [
  "TcpExtTCPTimeouts",
  ...[...NAMES].reverse().filter((name) => name !== "TcpActiveOpens"),
];
const COUNTERS = 4;
const GAUGE = 4;

export const HISTORY_START = Date.UTC(2026, 10, 22, 11, 58);

const growth = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(50));
const counter = fc.nat(COUNTERS - 1);
/** How listeners are sampled: not at all, a complete list, or those of a mask. */
const sampled = fc.record({
  kind: fc.constantFrom("none", "none", "complete", "partial", "partial"),
  mask: fc.nat(7),
  queue: fc.constantFrom(0, 0, 0, 3),
  dropped: fc.constantFrom(0, 0, 1, 900),
  limit: fc.constantFrom<number | null>(128, 128, 128, 511, null),
});

const happening = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant("tick" as const), grow: growth, gauge: fc.nat(900) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("gap" as const),
      seconds: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 15, max: 4_000 }) },
        { weight: 1, arbitrary: fc.constant(90_000) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reboot" as const),
      downSeconds: fc.oneof(
        { weight: 9, arbitrary: fc.nat(300) },
        { weight: 1, arbitrary: fc.constant(90_000) },
      ),
      epoch: fc.constantFrom(0, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("epoch" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stuck" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clone" as const), grow: growth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("layout" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("recreated" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fall" as const), counter }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("absent" as const), counter }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("huge" as const), counter }) },
);

export interface Plan {
  readonly steps: readonly [Happening, Sampled][];
  readonly wordSize: 32 | 64;
  /** A container that was born under the agent's eyes so long before its first snapshot. */
  readonly bornMs: number | null;
}

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;
type Sampled = typeof sampled extends fc.Arbitrary<infer T> ? T : never;

export function plan(maxLength: number): fc.Arbitrary<Plan> {
  return fc.record({
    steps: fc.array(fc.tuple(happening, sampled), { minLength: 1, maxLength }),
    wordSize: fc.constantFrom<32 | 64>(32, 64),
    bornMs: fc.constantFrom(null, null, 0, 7_000),
  });
}

/** The snapshots of a namespace that these things happened to. `name` tells its boots from others'. */
export function historyOf({ steps, wordSize, bornMs }: Plan, name: string): OracleSnapshot[] {
  const machine = new Machine(wordSize, name);
  for (const [one, listening] of steps) machine.happen(one, listening);
  const [first, ...rest] = machine.history;
  if (first === undefined || bornMs === null) return machine.history;
  return [{ ...first, bornUptimeMs: first.uptimeMs - bornMs }, ...rest];
}

class Machine {
  readonly history: OracleSnapshot[] = [];
  readonly #wordSize: 32 | 64;
  readonly #top: bigint;
  readonly #name: string;
  #boots = 0;
  #epoch = 0;
  #at = HISTORY_START;
  #bootedAt = HISTORY_START - 5_000_000;
  #values: bigint[];
  #clone = [7n, 1n, 2n, 2n, 1n, 200n];
  #layout: readonly string[] = NAMES;
  #drops = [4_294_967_000, 0, 17];

  constructor(wordSize: 32 | 64, name: string) {
    this.#wordSize = wordSize;
    this.#top = wordSize === 32 ? 2n ** 32n : 2n ** 64n;
    this.#values = wordSize === 32 ? [4_294_967_200n, 10n, 0n, 5n, 1n, 200n] : [3n, 10n, 0n, 5n, 1n, 200n];
    this.#name = name;
  }

  happen(one: Happening, listening: Sampled): void {
    this.#at += 10_000;
    switch (one.kind) {
      case "tick":
        this.#values = this.#grown(this.#values, one.grow);
        this.#values[GAUGE] = BigInt(one.gauge);
        break;
      case "gap":
        this.#at += one.seconds * 1000;
        this.#values = this.#grown(this.#values, [1, 1, 1, 1]);
        break;
      case "reboot":
        this.#at += one.downSeconds * 1000;
        this.#boots++;
        // The first of a boot's epochs may have gone with a spool.
        this.#epoch = one.epoch;
        this.#bootedAt = this.#at - 9_999;
        this.#values = [2n, 0n, 1n, 0n, 3n, 200n];
        this.#drops = [0, 0, 0];
        break;
      case "epoch":
        this.#epoch++;
        break;
      case "stuck":
        // Time goes on and uptime does not, or goes back.
        this.#bootedAt += 10_000;
        break;
      case "clone":
        this.#clone = this.#grown(this.#clone, one.grow);
        this.#push(this.#clone, `${this.#name} clone`, 0, this.#at - (HISTORY_START - 9_000_000), listening);
        return;
      case "layout":
        this.#layout = this.#layout === NAMES ? OTHER_NAMES : NAMES;
        break;
      case "recreated":
        this.#values = this.#values.map((value, index) => (index < COUNTERS ? value / 3n : value));
        break;
      case "fall":
        this.#values = this.#values.map((value, index) =>
          index === one.counter ? value / 2n : index < COUNTERS ? (value + 1n) % this.#top : value,
        );
        break;
      case "huge":
        this.#values = this.#values.map((value, index) =>
          index === one.counter ? this.#top - 1n - BigInt(index) : value,
        );
        break;
      case "absent":
        break;
    }
    const without = one.kind === "absent" ? NAMES[one.counter] : undefined;
    const boot = `${this.#name} ${this.#boots}`;
    this.#push(this.#values, boot, this.#epoch, this.#at - this.#bootedAt, listening, without);
  }

  #grown(values: readonly bigint[], grow: readonly number[]): bigint[] {
    return values.map((value, index) => (value + BigInt(grow[index] ?? 0)) % this.#top);
  }

  #push(
    values: readonly bigint[],
    boot: string,
    epoch: number,
    uptimeMs: number,
    listening: Sampled,
    without?: string,
  ): void {
    const named = new Map<string, bigint>(NAMES.map((name, index) => [name, values[index] ?? 0n]));
    named.set("TcpExtTCPTimeouts", 5n + (values[2] ?? 0n) / 2n);
    const listeners = this.#listeners(listening);
    this.history.push({
      at: this.#at,
      uptimeMs,
      everyMs: 10_000,
      boot,
      epoch,
      wordSize: this.#wordSize,
      layout: this.#layout,
      values: Object.fromEntries(
        this.#layout.flatMap((name) => (name === without ? [] : [[name, named.get(name) ?? 0n]])),
      ),
      ...(listeners === null ? {} : { listeners }),
    });
  }

  #listeners({ kind, mask, queue, dropped, limit }: Sampled): OracleListeners | null {
    const listed = (index: number) => (mask & (1 << index)) !== 0;
    this.#drops = this.#drops.map((drops, index) => (listed(index) ? (drops + dropped) % 2 ** 32 : drops));
    if (kind === "none") return null;
    const sockets = this.#drops.flatMap((drops, index): OracleSocket[] =>
      listed(index)
        ? [
            {
              inode: String(1000 + index),
              drops: index === 2 && limit === null ? null : drops,
              limit,
              peakQueue: index === 0 ? queue : 0,
              samplesFull: index === 1 && queue > 0 ? 1 : 0,
            },
          ]
        : [],
    );
    return { samples: 1 + mask, complete: kind === "complete", sockets };
  }
}
