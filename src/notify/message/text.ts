import type { IncidentFacts } from "./facts.ts";
import type { Message } from "./message.ts";

export const TEST_WORDS = "Somebody tried whether Spillway reaches this receiver. It does; nothing is wrong.";

/** The message as plain text, lines ended by a line feed. */
export function toText(message: Message): string {
  const { subject, worst, url } = message;
  const parts = worst === null ? [[TEST_WORDS]] : [...whole(worst), ...others(message)];
  return `${[[subject], ...parts, [url]].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** `[MAJOR] Upstream refuses connections: web-2 (upstream refusing, since 2026-11-22 10:42 UTC)` */
export function lineOf({ state, severity, title, brief }: IncidentFacts): string {
  return `[${state === "open" ? severity : state.toUpperCase()}] ${title} (${brief})`;
}

/** `and 480 more`; empty where nothing was left out. */
export function omittedWords({ omitted }: Message): string {
  return omitted === 0 ? "" : `and ${omitted} more, on the page`;
}

export function othersTitle({ group, digest }: Message): string {
  return `Also in this ${digest ? "digest" : "group"}${group === "" ? "" : ` (${group})`}`;
}

function whole({ summary, facts, evidence, remedies }: IncidentFacts): string[][] {
  return [
    ...(summary === null ? [] : [[summary]]),
    facts.map(({ name, value }) => `${name}: ${value}`),
    ...listed("Evidence", evidence),
    ...listed("What to do", remedies),
  ];
}

function others(message: Message): string[][] {
  const omitted = omittedWords(message);
  const lines = message.others.map((one) => `${lineOf(one)} ${one.url}`);
  return listed(othersTitle(message), omitted === "" ? lines : [...lines, omitted]);
}

function listed(title: string, lines: readonly string[]): string[][] {
  return lines.length === 0 ? [] : [[title, ...lines.map((line) => `- ${line}`)]];
}
