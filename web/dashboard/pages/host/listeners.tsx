import { formatNumber, plural } from "../../format/numbers.ts";
import { Advice } from "../../ui/advice.tsx";
import { Bar } from "../../ui/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { Fold } from "../../ui/fold.tsx";
import { Empty } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { type HostListener, namespaceName, type OfHost } from "./types.ts";

/** The fullest come first; idle ones are many, and have little to say. */
const LISTENERS_SHOWN = 8;

/** Its listening sockets: how full each accept queue is, against what the kernel holds. */
export function HostListeners({ host }: OfHost) {
  const { listeners } = host;
  const columns: readonly Column<HostListener>[] = [
    {
      key: "owner",
      head: "Listener",
      cell: ({ owner, address, port, namespace }) => (
        <>
          <span className="row-name">{owner ?? "unknown process"}</span>
          <br />
          <code>
            {address}:{port}
          </code>
          {namespace.kind !== "ROOT" && <span className="row-note"> in {namespaceName(namespace)}</span>}
        </>
      ),
    },
    {
      key: "queue",
      head: "Accept queue: now, and | the most in the range",
      cell: (listener) => <Queue {...listener} />,
    },
    {
      key: "drops",
      head: "Dropped",
      numeric: true,
      cell: ({ attribution }) =>
        attribution === null ? (
          "–"
        ) : (
          <span title={attribution.note}>
            ~{formatNumber(attribution.drops)}
            <span className="row-note"> {Math.round(attribution.confidence * 100)} % sure</span>
          </span>
        ),
    },
    {
      key: "advice",
      head: "Advice",
      grow: true,
      wide: true,
      cell: (listener) => <Advice {...listener} />,
    },
  ];
  return (
    <Card flush title="Listeners" note={`${plural(listeners.length, "open socket")}, the fullest first`}>
      {listeners.length === 0 ? (
        <Empty icon="listeners" title="No listener is known">
          <p>Either nothing listens here, or the agent may not see it: what it cannot see is listed below.</p>
        </Empty>
      ) : (
        <Fold items={listeners} first={LISTENERS_SHOWN}>
          {(shown) => (
            <Table caption="Listeners of this host" columns={columns} rows={shown} rowKey={({ id }) => id} />
          )}
        </Fold>
      )}
    </Card>
  );
}

function Queue({ acceptQueue, backlog, backlogInferred, peakFill }: HostListener) {
  // The kernel holds one connection more than its limit says.
  const fill = acceptQueue === null || backlog === null ? null : acceptQueue / (backlog + 1);
  const limit = backlog === null ? "?" : `${backlog}${backlogInferred ? " (inferred)" : ""}`;
  return <Bar fill={fill} peak={peakFill} text={`${acceptQueue ?? "?"} of ${limit}`} />;
}
