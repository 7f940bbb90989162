/** Bodies of pushes as an agent writes them, of simulated hosts. */
import { layoutHash } from "../../src/protocol/layout.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import type { HostIdentity } from "./fleet.ts";

/** `head`, the sections, and `}`: the push of one or more hosts. */
export function pushBody(sections: readonly string[], clockMs: number): string {
  const agent = { version: "0.1.0", clock: clockMs };
  return `{"protocol":${PROTOCOL_VERSION},"agent":${JSON.stringify(agent)},"hosts":[${sections.join(",")}]}`;
}

export interface SnapshotText {
  readonly at: number;
  readonly uptimeMs: number;
  readonly everyMs: number;
  readonly layout: string;
  /** As /proc prints them: what is below 0 is sent as null. */
  readonly values: ArrayLike<number>;
  /** Index into the section's namespaces; null for the root. */
  readonly namespace: number | null;
  readonly fromZero: boolean;
}

export function snapshotText(one: SnapshotText): string {
  const { at, uptimeMs, everyMs, layout, values, namespace, fromZero } = one;
  let list = "";
  for (let position = 0; position < values.length; position++) {
    const value = values[position] ?? -1;
    list += position === 0 ? "" : ",";
    list += value < 0 ? "null" : value;
  }
  const where = namespace === null ? "" : `"namespace":${namespace},`;
  const born = fromZero ? `"fromZero":true,` : "";
  return `{${where}"at":${at},"uptimeMs":${uptimeMs},"everyMs":${everyMs},${born}"layout":"${layout}","values":[${list}]}`;
}

export interface SectionExtra {
  /** Names of layouts that the service may not know yet. */
  readonly layouts: readonly (readonly string[])[];
  readonly namespaces: readonly object[];
}

/** Writes the sections of one host; what does not change is encoded once. */
export class SectionWriter {
  readonly #head: string;
  readonly #epoch: string;

  constructor(host: HostIdentity) {
    const { id, key, name, machineId, region, role, boot } = host;
    this.#head = JSON.stringify({ id, key, name, machineId, labels: { region, role } }).slice(0, -1);
    this.#epoch = JSON.stringify({ boot, number: 0, kernel: "6.12.48", arch: "x86_64", wordSize: 64 });
  }

  section(snapshots: readonly string[], { layouts, namespaces }: SectionExtra): string {
    const named =
      layouts.length === 0
        ? ""
        : `,"layouts":${JSON.stringify(Object.fromEntries(layouts.map((names) => [layoutHash(names), names])))}`;
    const spaces = namespaces.length === 0 ? "" : `,"namespaces":${JSON.stringify(namespaces)}`;
    return `${this.#head},"epoch":${this.#epoch}${named}${spaces},${HEALTH},"snapshots":[${snapshots.join(",")}]}`;
  }
}

/** How agents do, with each push. */
const HEALTH = `"health":${JSON.stringify({
  cycleCpuMs: 1.62,
  childCpuMs: 0.41,
  rssBytes: 43_212_800,
  spoolDepth: 1,
  spoolAgeMs: 0,
  dropped: {},
})}`;
