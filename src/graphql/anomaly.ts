import { counterEntry } from "../catalog/catalog.ts";
import type { HostRecord } from "../store/directory.ts";
import type { AnomalyRecord } from "../store/incidents/anomalies.ts";
import type { Place } from "../store/incidents/incident-pages.ts";
import type { Namespace as NamespaceRow } from "../store/namespaces.ts";
import { builder } from "./builder.ts";
import { type ConnectionShape, connectionType, pageOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { Counter } from "./counter.ts";
import { Severity } from "./diagnosis.ts";
import { Host } from "./host.ts";
import { anomalyNodeId } from "./ids.ts";
import { Namespace } from "./namespace.ts";
import { Node, nodeById } from "./node.ts";
import { numbersOfCursor } from "./page-info.ts";

export interface AnomalyShape extends AnomalyRecord {
  readonly host: HostRecord;
  readonly namespace: NamespaceRow;
}

export const Anomaly = builder.objectRef<AnomalyShape>("Anomaly").implement({
  description:
    "One finding of one detector on one namespace. Kept as long as the minutes that show it, or as the incident that it belongs to.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: (anomaly) => anomalyNodeId(anomaly) }),
    host: t.field({ type: Host, resolve: ({ host }) => host }),
    namespace: t.field({ type: Namespace, resolve: ({ namespace }) => namespace }),
    counter: t.field({
      type: Counter,
      nullable: true,
      description: "Null where it is not about one counter.",
      resolve: ({ counter }) => (counter === null ? null : counterEntry(counter)),
    }),
    detector: t.exposeString("detector", { description: "Which rule found it." }),
    severity: t.field({ type: Severity, resolve: ({ severity }) => severity }),
    startedAt: t.field({ type: "DateTime", resolve: ({ startedAt }) => startedAt }),
    endedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null while it lasts.",
      resolve: ({ endedAt }) => endedAt,
    }),
    value: t.exposeFloat("value", { description: "What was seen, in the unit of the explanation." }),
    expectedLow: t.exposeFloat("expectedLow", {
      nullable: true,
      description: "The least that was expected; null where there is no such bound.",
    }),
    expectedHigh: t.exposeFloat("expectedHigh", {
      nullable: true,
      description: "The most that was expected; null where there is no such bound.",
    }),
    score: t.exposeFloat("score", {
      description: "How far it lies from what was expected, in standard deviations.",
    }),
    explanation: t.exposeString("explanation", { description: "A sentence with the numbers in it." }),
  }),
});

export const AnomalyConnection = connectionType("Anomaly", Anomaly, "anomalies, newest first");

/** An anomaly with its host and namespace; null when either has been forgotten meanwhile. */
export async function anomalyShape(context: Context, anomaly: AnomalyRecord): Promise<AnomalyShape | null> {
  const host = (await context.fleet.read()).hostById.get(anomaly.hostId);
  if (host === undefined) return null;
  const namespace = (await context.namespaces.load(host.id)).find(({ id }) => id === anomaly.namespaceId);
  return namespace === undefined ? null : { ...anomaly, host, namespace };
}

/** The page of these rows, one more than fit telling of another page; without those whose host has just gone. */
export async function anomalyPage(
  context: Context,
  rows: readonly AnomalyRecord[],
  first: number,
  after: string | null | undefined,
): Promise<ConnectionShape<AnomalyShape>> {
  const { edges, pageInfo } = pageOf({
    rows,
    first,
    hasPrevious: after != null,
    keyOf: ({ startedAt, id }) => [startedAt, id],
  });
  const shapes = await Promise.all(
    edges.map(async ({ node, cursor }) => ({ node: await anomalyShape(context, node), cursor })),
  );
  return {
    edges: shapes.flatMap(({ node, cursor }) => (node === null ? [] : [{ node, cursor }])),
    pageInfo,
  };
}

/** The place in a list of what began, newest first. @throws BAD_REQUEST for a cursor of another list */
export function placeOfCursor(cursor: string | null | undefined, what: string): Place | null {
  if (cursor == null) return null;
  const [startedAt = 0, id = 0] = numbersOfCursor(cursor, 2, what);
  return { startedAt, id };
}

nodeById("anomaly", "Anomaly", async (context, ownId) => {
  if (!/^[0-9]{1,9}_[0-9]{1,15}$/.test(ownId)) return null;
  const found = await context.incidents.anomalyById.load(ownId);
  return found === null ? null : anomalyShape(context, found);
});
