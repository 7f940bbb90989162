/** docs/counters.md: the catalog as a page for readers. */
import { type CounterEntry, counterEntry, knownCounters } from "../src/catalog/catalog.ts";
import { NOT_IN_NODE_EXPORTER, PER_NAMESPACE } from "../src/catalog/counters/common.ts";
import { FAMILIES } from "../src/catalog/documented.ts";

const INTRODUCTION = `# The counters

Printed from the catalog (\`src/catalog\`) by \`npm run counters:print\`: change the catalog, not this page. The API
serves the same: \`counters(group:, search:)\` and \`counter(name:)\`, which understands the names below.

Names are those that nstat prints: the line of /proc/net/snmp or /proc/net/netstat, then the field. A **counter** only
grows until it begins again from 0. A **gauge** goes up and down, or is a constant. A name that is not on this page, as
one of a newer kernel, is of kind **UNKNOWN**: it is kept, shown and added up like a counter, and nothing is concluded
from it.

The kernel source is that of Linux 6.12. The lines of \`netstat -s\` are those of net-tools 2.10, N for the number.

True of every counter here: ${lowerFirst(PER_NAMESPACE)}

Those marked *not in node_exporter*: ${lowerFirst(NOT_IN_NODE_EXPORTER)}`;

const OTHERS = `## All other fields

Kept and served like the others. Those without a documented meaning are named by the kernel's own documentation
(Documentation/networking/snmp_counter.rst) or by its source.

| counter | kind | counts | \`netstat -s\` |
|---|---|---|---|
`;

/** The whole page. */
export function countersPage(): string {
  const families = FAMILIES.flatMap(({ title, counters }) => [
    `## ${title}`,
    ...counters.flatMap(({ name }) => section(counterEntry(name))),
  ]);
  const others = [...knownCounters()].filter(({ meaning }) => meaning === null).map(row);
  return `${[INTRODUCTION, contents(), ...families].join("\n\n")}\n\n${OTHERS}${others.join("")}`;
}

function contents(): string {
  const lines = FAMILIES.map(({ title, counters }) => {
    const links = counters.map(({ name }) => `[${name}](#${name.toLowerCase()})`);
    return `- ${title}: ${links.join(", ")}`;
  });
  return lines.join("\n");
}

/** The blocks of one counter. */
function section(entry: CounterEntry): string[] {
  const { name, kind, unit, event, meaning, implies, remedy, netstatText, caveats, incrementedBy, aliases } =
    entry;
  const facts = [
    kind === "GAUGE" ? "gauge" : "counter",
    `counts ${unit}`,
    ...(event ? ["an event counter: rolled up at once, while its minute is open"] : []),
    ...(caveats.includes(NOT_IN_NODE_EXPORTER) ? ["not in node_exporter"] : []),
  ];
  const ownCaveats = caveats.filter((caveat) => caveat !== PER_NAMESPACE && caveat !== NOT_IN_NODE_EXPORTER);
  const sites = incrementedBy.map(({ function: called, file, when, since }) => {
    const from = since === null ? "" : ` (since ${since})`;
    return `\`${called}\`, ${file}${from}: ${escapeMarks(when)}`;
  });
  return [
    `### ${name}`,
    `*${facts.join("; ")}*`,
    escapeMarks(meaning ?? ""),
    ...labelled("Implies", implies),
    ...labelled("Remedy", remedy),
    ...labelled("`netstat -s`", netstatText),
    list("Before you conclude", ownCaveats.map(escapeMarks)),
    list("Where the kernel changes it", sites),
    `**Other names**: ${aliases.map((alias) => `\`${alias}\``).join(", ")}`,
  ];
}

function labelled(label: string, text: string | null): string[] {
  return text === null ? [] : [`**${label}**: ${escapeMarks(text)}`];
}

function list(label: string, items: readonly string[]): string {
  return [`**${label}**`, ...items.map((item) => `- ${item}`)].join("\n");
}

function row({ name, kind, unit, netstatText }: CounterEntry): string {
  const line = netstatText?.slice(1, netstatText.lastIndexOf('"')) ?? "";
  return `| ${name} | ${kind.toLowerCase()} | ${unit} | ${escapeMarks(line)} |\n`;
}

/** What Markdown would take for marks, outside of code. */
function escapeMarks(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/([*<>|])/g, "\\$1")))
    .join("");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
