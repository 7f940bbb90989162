import { LIMITS } from "../src/protocol/limits.ts";
import type { HostSection, Push } from "../src/protocol/message.ts";
import { PROTOCOL_VERSION } from "../src/protocol/version.ts";
import type { Layout, QueuedSnapshot } from "./snapshot.ts";
import { AGENT_VERSION } from "./version.ts";

/** What every section of this agent says about its host. */
export type Sender = Pick<HostSection, "id" | "key" | "name" | "machineId" | "labels">;

export interface ComposedPush {
  /** JSON of a `Push`. */
  readonly body: string;
  /** What it carries, in the order of the results that will answer it: a head of the candidates. */
  readonly snapshots: readonly QueuedSnapshot[];
  /** Hashes of the layouts whose names it carries. */
  readonly named: ReadonlySet<string>;
}

/** Composes a push of at least one of the candidates. `clock`: own wall clock in ms since 1970. */
export type Composer = (
  candidates: readonly QueuedSnapshot[],
  acknowledged: ReadonlySet<string>,
  clock: number,
) => ComposedPush;

interface OpenSection {
  readonly epoch: QueuedSnapshot["epoch"];
  readonly layouts: Map<string, Layout>;
  readonly snapshots: string[];
}

/**
 * Snapshots are encoded already, so a body is put together as text. It stays inside LIMITS as plain text:
 * compressed it is smaller still, whatever the counters are.
 */
export function createComposer(sender: Sender): Composer {
  const host = JSON.stringify(sender).slice(0, -1);
  const hostBytes = Buffer.byteLength(host);
  return (candidates, acknowledged, clock) => {
    const agent: Push["agent"] = { version: AGENT_VERSION, clock };
    const head = `{"protocol":${PROTOCOL_VERSION},"agent":${JSON.stringify(agent)},"hosts":[`;
    const sections: OpenSection[] = [];
    let bytes = head.length + 2;
    let taken = 0;
    let section: OpenSection | undefined;
    for (const snapshot of candidates) {
      const begins = section === undefined || !sameEpoch(section.epoch, snapshot.epoch);
      const current: OpenSection =
        section === undefined || begins
          ? { epoch: snapshot.epoch, layouts: new Map(), snapshots: [] }
          : section;
      const { layout } = snapshot;
      const names = !acknowledged.has(layout.hash) && !current.layouts.has(layout.hash);
      bytes += snapshot.json.length + 1;
      if (begins) bytes += hostBytes + JSON.stringify(snapshot.epoch).length + 50;
      if (names) bytes += JSON.stringify(layout.names).length + layout.hash.length + 5;
      const full =
        bytes > LIMITS.bodyBytes ||
        taken === LIMITS.snapshotsPerPush ||
        (begins && sections.length === LIMITS.hostsPerPush) ||
        (names && current.layouts.size === LIMITS.layoutsPerHost);
      if (full && taken > 0) break;
      if (begins) sections.push(current);
      if (names) current.layouts.set(layout.hash, layout);
      current.snapshots.push(snapshot.json);
      section = current;
      taken += 1;
    }
    const named = new Set(sections.flatMap(({ layouts }) => [...layouts.keys()]));
    const body = `${head}${sections.map((open) => encodeSection(host, open)).join(",")}]}`;
    return { body, snapshots: candidates.slice(0, taken), named };
  };
}

function encodeSection(host: string, { epoch, layouts, snapshots }: OpenSection): string {
  const names = [...layouts.values()].map(({ hash, names }) => [hash, names] as const);
  const named = names.length === 0 ? "" : `,"layouts":${JSON.stringify(Object.fromEntries(names))}`;
  return `${host},"epoch":${JSON.stringify(epoch)}${named},"snapshots":[${snapshots.join(",")}]}`;
}

function sameEpoch(a: QueuedSnapshot["epoch"], b: QueuedSnapshot["epoch"]): boolean {
  return a === b || (a.boot === b.boot && a.number === b.number);
}
