import { Link } from "wouter";
import { formatNumber } from "../../format/numbers.ts";
import type { SystemHealthQuery } from "../../generated/documents.ts";
import { Badge } from "../../ui/badges.tsx";
import { Bar } from "../../ui/bars.tsx";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import { Fact } from "./parts.tsx";

type Listener = SystemHealthQuery["system"]["listener"];

/** The service's own listen queue: what Spillway shows of others, of itself. */
export function OwnListener({ listener }: { readonly listener: Listener }) {
  const { href } = useView();
  if (listener === null) {
    return (
      <Card title="Its own listen queue">
        <p className="row-note">The kernel that the service runs on does not show it.</p>
      </Card>
    );
  }
  const { address, port, acceptQueue, backlog, somaxconn, overflows, drops, listener: seen } = listener;
  const limit = backlog === null ? "?" : formatNumber(backlog);
  // The kernel holds one connection more than its limit says.
  const fill = backlog === null ? null : acceptQueue / (backlog + 1);
  return (
    <Card
      title="Its own listen queue"
      actions={
        overflows !== null && (
          <Badge tone={overflows > 0 ? "major" : "good"}>
            {overflows > 0 ? "Overflowed" : "No overflow"}
          </Badge>
        )
      }
    >
      <dl className="facts">
        <Fact name="Listens on" value={<code>{`${address}:${port}`}</code>} />
        <Fact
          name="Waiting to be accepted"
          value={<Bar fill={fill} peak={seen?.peakFill ?? null} text={`${acceptQueue} of ${limit}`} />}
        />
        <Fact name="somaxconn at its start" value={formatNumber(somaxconn)} />
        <Fact name="Overflows since then, in its namespace" value={formatNumber(overflows)} />
        <Fact name="Drops of all kinds" value={formatNumber(drops)} />
        <Fact
          name="As an agent sees it"
          value={
            seen === null ? (
              "no agent has told of it"
            ) : (
              <Link href={href(`/hosts/${seen.host.id}`)}>{seen.host.name}</Link>
            )
          }
        />
      </dl>
    </Card>
  );
}
