/** Words with a colour and a shape: never a colour alone. */
import { sentence } from "../format/words.ts";
import type { HostStatus, IncidentStatus, Severity } from "../generated/documents.ts";

export type Tone = "critical" | "major" | "minor" | "info" | "good" | "neutral";

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className={`badge badge-${tone}`}>
      <span className="badge-mark" aria-hidden="true" />
      {children}
    </span>
  );
}

const SEVERITY: Readonly<Record<Severity, Tone>> = {
  CRITICAL: "critical",
  MAJOR: "major",
  MINOR: "minor",
  INFO: "info",
};

export function severityTone(severity: Severity): Tone {
  return SEVERITY[severity];
}

export function SeverityBadge({ severity }: { readonly severity: Severity }) {
  return <Badge tone={SEVERITY[severity]}>{sentence(severity)}</Badge>;
}

const STATUS: Readonly<Record<IncidentStatus, Tone>> = {
  OPEN: "critical",
  ACKNOWLEDGED: "info",
  RESOLVED: "good",
};

export function StatusBadge({ status }: { readonly status: IncidentStatus }) {
  return <Badge tone={STATUS[status]}>{sentence(status)}</Badge>;
}

const HOST: Readonly<Record<HostStatus, Tone>> = {
  REPORTING: "good",
  STALE: "minor",
  SILENT: "critical",
  LEFT: "neutral",
};

export function HostStatusBadge({ status }: { readonly status: HostStatus }) {
  return <Badge tone={HOST[status]}>{sentence(status)}</Badge>;
}

/** A label and its value, as role=web. */
export function LabelChip({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <span className="chip">
      <span className="chip-name">{name}</span>
      {value}
    </span>
  );
}

export function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return null;
  return (
    <span className="chips">
      {names.map((name) => (
        <LabelChip key={name} name={name} value={labels[name] ?? ""} />
      ))}
    </span>
  );
}
