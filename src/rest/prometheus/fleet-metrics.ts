import { execute, parse, validate } from "graphql";
import { Gauge, type Registry, type RegistryContentType } from "prom-client";
import { SpillwayError } from "../../errors.ts";
import type { Context } from "../../graphql/context.ts";
import { schema } from "../../graphql/schema.ts";
import { LABEL_NAME } from "../../protocol/limits.ts";
import { openIncidentCounts } from "../../store/incidents/open-counts.ts";
import { MINUTE_MS } from "../../store/queries/resolution.ts";

/** Rolled up that long after a minute has ended, while the workers keep up. */
const ROLLED_UP_MS = 10_000;

const DOCUMENT = parse(`
  query ($range: TimeRange!, $by: [String!]!) {
    fleet {
      overflows: trend(counter: "TcpExtListenOverflows", range: $range, step: "1m", groupBy: $by) { labels values }
      loss: handshakeLoss(range: $range, step: "1m", groupBy: $by) { labels values low high }
    }
  }`);
const [fault] = validate(schema, DOCUMENT);
if (fault !== undefined)
  throw new Error(`the document of the fleet's metrics does not fit: ${fault.message}`);

interface Answer {
  readonly fleet: {
    readonly overflows: readonly { readonly labels: Labels; readonly values: readonly (number | null)[] }[];
    readonly loss: readonly {
      readonly labels: Labels;
      readonly values: readonly (number | null)[];
      readonly low: readonly (number | null)[];
      readonly high: readonly (number | null)[];
    }[];
  };
}

type Labels = Readonly<Record<string, string>>;

/**
 * Adds what the fleet is like to a registry: overflows, the share of handshakes lost, and open incidents by a label.
 * The rates are those of the last whole minute that is rolled up.
 *
 * @param by a label of hosts
 * @throws BAD_REQUEST for what is no name of a label; what GraphQL throws
 */
export async function addFleetMetrics(
  registry: Registry<RegistryContentType>,
  context: Context,
  by: string,
): Promise<void> {
  if (!LABEL_NAME.test(by)) {
    throw new SpillwayError("BAD_REQUEST", `by: "${by.slice(0, 60)}" is no name of a label, such as role`);
  }
  const to = Math.floor((context.now() - ROLLED_UP_MS) / MINUTE_MS) * MINUTE_MS;
  const result = await execute({
    schema,
    document: DOCUMENT,
    variableValues: {
      range: { from: new Date(to - MINUTE_MS).toISOString(), to: new Date(to).toISOString() },
      by: [by],
    },
    contextValue: context,
  });
  const [error] = result.errors ?? [];
  if (error !== undefined) throw error.originalError ?? error;
  const { fleet } = result.data as unknown as Answer;
  const incidents = await openIncidentCounts(context.db, by);
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const overflows = gauge(
    "spillway_fleet_listen_overflows_per_second",
    "Packets dropped because an accept queue was full, in the last whole minute.",
    [by],
  );
  for (const { labels, values } of fleet.overflows) set(overflows, { [by]: labels[by] ?? "" }, values[0]);

  const loss = gauge(
    "spillway_fleet_handshake_loss_ratio",
    "Share of new connections lost or delayed by a second or more in the last whole minute; bound is low, estimate or high.",
    [by, "bound"],
  );
  for (const { labels, values, low, high } of fleet.loss) {
    const own = { [by]: labels[by] ?? "" };
    set(loss, { ...own, bound: "low" }, low[0]);
    set(loss, { ...own, bound: "estimate" }, values[0]);
    set(loss, { ...own, bound: "high" }, high[0]);
  }

  const open = gauge("spillway_fleet_open_incidents", "Incidents that are not resolved.", [
    by,
    "severity",
    "cause",
  ]);
  for (const { value, severity, cause, count } of incidents)
    open.set({ [by]: value, severity, cause }, count);
}

function set(gauge: Gauge, labels: Labels, value: number | null | undefined): void {
  if (value != null) gauge.set(labels, value);
}
