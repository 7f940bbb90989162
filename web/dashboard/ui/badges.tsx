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

/** What a host is for, before all else. */
const FIRST = ["role", "service"];

function byUse(a: string, b: string): number {
  return Number(FIRST.includes(b)) - Number(FIRST.includes(a)) || (a < b ? -1 : 1);
}

export interface LabelsProps {
  readonly labels: Readonly<Record<string, string>>;
  /** So many at most, in a line of a table; the others are told to who points at how many they are. */
  readonly most?: number;
}

export function Labels({ labels, most = Number.POSITIVE_INFINITY }: LabelsProps) {
  const names = Object.keys(labels).sort(byUse);
  if (names.length === 0) return null;
  const rest = names.slice(most);
  return (
    <span className={rest.length === 0 ? "chips" : "chips chips-line"}>
      {names.slice(0, most).map((name) => (
        <LabelChip key={name} name={name} value={labels[name] ?? ""} />
      ))}
      {rest.length > 0 && (
        <span className="row-note" title={rest.map((name) => `${name}=${labels[name] ?? ""}`).join("\n")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}
