import { formatBytes, plural } from "../../format/numbers.ts";
import { formatSpan, formatTime } from "../../format/times.ts";
import { Badge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import type { OfHost } from "./types.ts";

/** What is known of the machine and of its agent. */
export function HostFacts({ host }: OfHost) {
  const { zone } = useView();
  const { agentHealth, clockSkewMs } = host;
  const facts: readonly (readonly [string, string])[] = [
    ["Kernel", host.kernel ?? "not known"],
    ["Boot", host.bootId ?? "not known"],
    ["First heard of", formatTime(Date.parse(host.firstSeen), zone, { now: Date.now() })],
    ["Agent", host.agentVersion ?? "not known"],
    ...(clockSkewMs === null
      ? []
      : [
          [
            "Its clock",
            Math.abs(clockSkewMs) < 1_000
              ? "right"
              : `${formatSpan(Math.abs(clockSkewMs))} ${clockSkewMs > 0 ? "ahead" : "behind"}`,
          ] as const,
        ]),
    ...(agentHealth === null
      ? []
      : ([
          [
            "A cycle costs",
            `${Math.round(agentHealth.cycleCpuMs)} ms of CPU, and ${Math.round(agentHealth.childCpuMs)} ms in ss`,
          ],
          ["Memory", formatBytes(agentHealth.rssBytes)],
          [
            "Unsent",
            agentHealth.spoolDepth === 0
              ? "nothing"
              : `${plural(agentHealth.spoolDepth, "snapshot")}, the oldest ${formatSpan(agentHealth.spoolAgeMs)} old`,
          ],
        ] as const)),
  ];
  return (
    <Card title="Host and agent">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What its agent sees and what it does not, and how to let it. */
export function Capabilities({ host }: OfHost) {
  const missing = host.capabilities.filter(({ available }) => !available);
  const seen = host.capabilities.filter(({ available }) => available);
  return (
    <Card
      title="What the agent can see"
      note={
        missing.length === 0
          ? "Everything that it looks for"
          : `${plural(missing.length, "thing")} it cannot, and how to let it`
      }
    >
      <ul className="lines">
        {[...missing, ...seen].map(({ name, available, reason }) => (
          <li key={name}>
            <span>
              <code>{name}</code>
              {reason !== null && <span className="row-note"> {reason}</span>}
            </span>
            <Badge tone={available ? "good" : "minor"}>{available ? "seen" : "not seen"}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Sysctls({ host }: OfHost) {
  const names = Object.keys(host.sysctls).sort();
  return (
    <Card title="Kernel settings" note="Of the host's own namespace">
      {names.length === 0 ? (
        <p className="row-note">None was read: the agent may not, or has not yet.</p>
      ) : (
        <dl className="facts sysctls">
          {names.map((name) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd className="number">{host.sysctls[name]}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
