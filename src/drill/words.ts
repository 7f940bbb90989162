import { percent, plain, span } from "../detect/words.ts";
import type { DrillEvent, IncidentSeen } from "./events.ts";

const WIDTH = 10;

/**
 * What a drill tells, as a person reads it: one line, or for the verdict several.
 *
 * @param loadedAt when the load began, ms since 1970; null before it did
 */
export function inWords(event: DrillEvent, loadedAt: number | null): string {
  return `${timeOf(event.at, loadedAt)}  ${wordsOf(event).join("\n")}`;
}

/** `11:31:08  + 2.9 s`, in the time of this machine. */
function timeOf(at: number, loadedAt: number | null): string {
  const clock = new Date(at).toTimeString().slice(0, 8);
  if (loadedAt === null) return `${clock}${" ".repeat(WIDTH)}`;
  return `${clock}  +${((at - loadedAt) / 1_000).toFixed(1).padStart(5)} s`;
}

function wordsOf(event: DrillEvent): string[] {
  switch (event.type) {
    case "begun": {
      const where =
        event.place === "namespaces"
          ? "in a network of its own"
          : `on this machine's loopback, since no network of its own may be made (${event.why})`;
      return [
        `The drill "${event.kind}": ${event.what}; made ${where}, seen as the host ${event.host}, for ${span(event.atMostMs)} at most`,
      ];
    }
    case "loaded":
      return ["the service has the host's first snapshots; the load begins"];
    case "seen":
      return [`first seen: ${event.increase} ${event.counter}`];
    case "flagged":
      return [`flagged by ${event.detector}: ${event.explanation}`];
    case "opened":
      return [
        `incident opened: ${event.incident.title} (${event.incident.severity})`,
        ...summaryOf(event.incident),
      ];
    case "renamed":
      return [
        `the cause is now ${event.incident.cause}: ${event.incident.title}`,
        ...summaryOf(event.incident),
      ];
    case "verdict":
      return verdictOf(event);
    case "left":
      return ["the load is over, and the host has left; nothing of the drill is left on this machine"];
    case "after":
      return [
        event.status === "RESOLVED"
          ? "the incident is resolved, since its host has left"
          : `the incident is ${event.status} still: its host has left, so it is resolved soon`,
      ];
  }
}

function summaryOf({ diagnosis }: IncidentSeen): string[] {
  return diagnosis === null ? [] : [row("", diagnosis.summary)];
}

function verdictOf({
  right,
  expected,
  incident,
  clients,
}: Extract<DrillEvent, { type: "verdict" }>): string[] {
  const lost = clients.late + clients.unconnected + clients.reset;
  const truth = `the clients counted ${plain(lost)} of ${plain(clients.attempted)} lost or delayed${clients.attempted === 0 ? "" : ` (${percent(lost / clients.attempted)})`}`;
  if (incident === null) {
    return ["The verdict: none", row("Expected", expected), row("Came", "no incident"), row("Truth", truth)];
  }
  const { diagnosis } = incident;
  const listener = diagnosis?.evidence.find((one) => one.listener !== null)?.listener ?? null;
  const lines = (name: string, texts: readonly string[]) =>
    texts.map((text, index) => row(index === 0 ? name : "", text));
  return [
    right ? "The verdict: right" : "The verdict: wrong",
    row("Cause", `${incident.cause}${right ? "" : `, and it is ${expected}`}`),
    ...(diagnosis === null ? [] : [row("Confidence", percent(diagnosis.confidence))]),
    row("Listener", listener === null ? "none named" : nameOf(listener)),
    row("Lost", lossOf(incident)),
    row("Truth", truth),
    ...lines("Evidence", diagnosis?.evidence.map(({ statement }) => statement) ?? []),
    ...lines("What to do", diagnosis?.remedies ?? []),
    row("Incident", incident.url),
  ];
}

function lossOf({ lossShare, lossLow, lossHigh }: IncidentSeen): string {
  if (lossShare === null) return "not estimated";
  if (lossShare === 0) return "no handshake";
  const range = lossLow === null || lossHigh === null ? "" : ` (${percent(lossLow)} to ${percent(lossHigh)})`;
  return `about ${percent(lossShare)} of new connections, lost or delayed by a second or more${range}`;
}

function nameOf({ address, port, owner }: { address: string; port: number; owner: string | null }): string {
  return `${address}:${port}${owner === null ? "" : ` (${owner})`}`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(WIDTH)}  ${text}`;
}
