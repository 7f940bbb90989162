import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

/** One number of a run, with the peer's for the same work. */
export interface Figure {
  readonly part: string;
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: { readonly name: string; readonly value: number } | null;
  /** Which is better. */
  readonly better: "higher" | "lower";
  /** What the number is made of. */
  readonly details: Readonly<Record<string, number | string>>;
}

export interface Report {
  readonly benchmark: "service";
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly load1: number;
  };
  readonly node: string;
  readonly sizes: object;
  readonly figures: readonly Figure[];
  /** Peers that are not installed, parts that were left out, and why. */
  readonly missing: readonly string[];
}

/** How many times better ours is; null without a peer. */
export function ratioOf({ ours, peer, better }: Figure): number | null {
  if (peer === null) return null;
  return better === "higher" ? ours / peer.value : peer.value / ours;
}

export function machine(): Report["machine"] {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    kernel: readFileSync("/proc/sys/kernel/osrelease", "utf8").trim(),
    load1: loadavg()[0] ?? 0,
  };
}

/** `ingest: one host a request, gzip: 802,000 samples/CPU s; VictoriaMetrics 441,000; 1.82x better (...)` */
export function line(figure: Figure): string {
  const { part, name, unit, ours, peer, details } = figure;
  const ratio = ratioOf(figure);
  const beside =
    peer === null || ratio === null
      ? ""
      : `; ${peer.name} ${round(peer.value)}; ${ratio >= 1 ? `${round(ratio)}x better` : `${round(1 / ratio)}x worse`}`;
  const told = Object.entries(details).map(
    ([key, value]) => `${key} ${typeof value === "number" ? round(value) : value}`,
  );
  return `${part}: ${name}: ${round(ours)} ${unit}${beside}${told.length === 0 ? "" : ` (${told.join(", ")})`}`;
}

/** Three digits that count, thousands apart. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
