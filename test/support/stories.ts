/** What hosts go through, as the snapshots that they push, and what a running service then says of incidents. */
import { MEASURES, type Measure } from "../../src/detect/diagnosis/measures.ts";
import type { WireSnapshot } from "../../src/protocol/message.ts";
import type { TestHost } from "./pushes.ts";
import type { Service } from "./service.ts";

const INTERVAL_MS = 10_000;
/** The counters of the hosts of a story. */
export const NAMES = Object.values(MEASURES);

/** Intervals of a host, with what moved in each, and how often its listener was full in ten samples. */
export type Part = readonly [
  intervals: number,
  moves: Partial<Record<Measure, number>>,
  samplesFull?: number,
];

/** The snapshots of these parts, the last of them taken at `until`. */
export function story(host: TestHost, until: number, parts: readonly Part[]): WireSnapshot[] {
  const counters = new Map<string, number>();
  const all = parts.reduce((sum, [intervals]) => sum + intervals, 0);
  let at = until - (all - 1) * INTERVAL_MS;
  let drops = 0;
  return parts.flatMap(([intervals, moves, samplesFull = 0]) =>
    Array.from({ length: intervals }, () => {
      for (const [measure, by] of Object.entries(moves) as [Measure, number][]) {
        counters.set(MEASURES[measure], (counters.get(MEASURES[measure]) ?? 0) + by);
      }
      drops += moves.drops ?? 0;
      const socket = { address: "0.0.0.0", port: 8080, inode: "7", limit: 16, owner: "nginx" };
      const queue = samplesFull > 0 ? 17 : 0;
      const sockets = [{ ...socket, acceptQueue: queue, peakQueue: queue, samplesFull, drops }];
      const values = NAMES.map((name) => counters.get(name) ?? 0);
      const one = host.snapshot(at, values, { listeners: { source: "ss", samples: 10, sockets } });
      at += INTERVAL_MS;
      return one;
    }),
  );
}

const FIELDS = `
  status severity cause title hosts(first: 9) { edges { node { name } } }
  timeline { edges { node { kind } } }
  diagnosis { cause evidence { listener { port owner } } }`;

export async function incidentsIn(service: Service): Promise<IncidentAnswer[]> {
  const { data, errors } = await service.graphql(`{ incidents(first: 20) { edges { node { ${FIELDS} } } } }`);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.incidents.edges.map(({ node }: { node: IncidentAnswer }) => node);
}

export interface IncidentAnswer {
  readonly status: string;
  readonly cause: string;
  readonly title: string;
  readonly timeline: { readonly edges: readonly { readonly node: { readonly kind: string } }[] };
}

/** What its timeline tells of, in the order of the alphabet. */
export const kindsOf = ({ timeline }: IncidentAnswer) => timeline.edges.map(({ node }) => node.kind).sort();
