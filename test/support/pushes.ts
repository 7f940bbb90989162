/** Pushes as an agent would send them, with only what a test cares about said. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { layoutHash } from "../../src/protocol/layout.ts";
import type { HostSection, Push, WireSnapshot, WireValue } from "../../src/protocol/message.ts";

export const COUNTERS = ["TcpActiveOpens", "TcpExtListenOverflows", "TcpExtListenDrops"];

/** A host that remembers who it is. */
export class TestHost {
  readonly id = randomUUID();
  readonly key = randomBytes(32).toString("base64url");
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  boot = randomUUID();
  number = 0;
  wordSize: 32 | 64 = 64;
  readonly names: readonly string[];
  /** When the boot began, ms since 1970. */
  bootedAt: number;

  constructor(
    options: {
      name?: string;
      names?: readonly string[];
      bootedAt?: number;
      labels?: Record<string, string>;
    } = {},
  ) {
    this.name = options.name ?? `host-${this.id.slice(0, 8)}`;
    this.names = options.names ?? COUNTERS;
    this.bootedAt = options.bootedAt ?? Date.now() - 3_600_000;
    this.labels = options.labels ?? {};
  }

  get layout(): string {
    return layoutHash(this.names);
  }

  snapshot(at: number, values: readonly WireValue[], more: Partial<WireSnapshot> = {}): WireSnapshot {
    return { at, uptimeMs: at - this.bootedAt, everyMs: 10_000, layout: this.layout, values, ...more };
  }

  section(snapshots: readonly unknown[], more: Partial<HostSection> = {}): HostSection {
    return {
      id: this.id,
      key: this.key,
      name: this.name,
      machineId: createHash("sha256").update(this.id).digest("hex"),
      labels: this.labels,
      epoch: {
        boot: this.boot,
        number: this.number,
        kernel: "6.12.0",
        arch: "x86_64",
        wordSize: this.wordSize,
      },
      layouts: { [this.layout]: [...this.names] },
      snapshots: snapshots as readonly WireSnapshot[],
      ...more,
    };
  }

  /** The machine restarts: another boot, whose counters begin at 0. */
  reboot(bootedAt: number): void {
    this.boot = randomUUID();
    this.number = 0;
    this.bootedAt = bootedAt;
  }
}

export function push(...hosts: HostSection[]): Push {
  return { protocol: 1, agent: { version: "0.1.0", clock: Date.now() }, hosts };
}
