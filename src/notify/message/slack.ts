/**
 * The message as Slack's blocks. What comes from outside is escaped, and `verbatim` keeps Slack from making links and
 * mentions of it: a host could be called `<!channel>` or `@here`.
 */
import type { IncidentFacts } from "./facts.ts";
import type { Message } from "./message.ts";
import { lineOf, omittedWords, othersTitle, TEST_WORDS } from "./text.ts";

interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}

export interface SlackBlock {
  readonly type: "section";
  readonly text?: Mrkdwn;
  readonly fields?: readonly Mrkdwn[];
}

export interface SlackMessage {
  /** What is shown where blocks are not, as in notifications on a phone. */
  readonly text: string;
  /** At most fifty, each within Slack's limits: what is beyond them is refused, and with it the whole message. */
  readonly blocks: readonly SlackBlock[];
}

/** Slack's, in characters. */
const TEXT_LENGTH = 3_000;
const FIELD_LENGTH = 2_000;
const FIELDS = 10;
/** So that a line with its link is well below what a block takes. */
const LINE_LENGTH = 1_200;
const ADDRESS_LENGTH = 1_500;

export function toSlack(message: Message): SlackMessage {
  const { subject, worst, url } = message;
  const summary = worst === null ? TEST_WORDS : worst.summary;
  const blocks = [
    ...sections([`*${escaped(subject)}*`, ...(summary === null ? [] : [escaped(summary)])]),
    ...(worst === null ? [] : details(worst)),
    ...others(message),
    ...sections([link(url, "Open in Spillway")]),
  ];
  return { text: escaped(subject), blocks };
}

function details({ facts, evidence, remedies }: IncidentFacts): SlackBlock[] {
  const fields = facts
    .slice(0, FIELDS)
    .map(({ name, value }) => mrkdwn(`*${name}*\n${escaped(value, FIELD_LENGTH - name.length - 3)}`));
  return [
    { type: "section", fields },
    ...listed(
      "Evidence",
      evidence.map((line) => escaped(line)),
    ),
    ...listed(
      "What to do",
      remedies.map((line) => escaped(line)),
    ),
  ];
}

function others(message: Message): SlackBlock[] {
  const omitted = omittedWords(message);
  const lines = message.others.map((one) => link(one.url, lineOf(one)));
  return listed(escaped(othersTitle(message)), omitted === "" ? lines : [...lines, omitted]);
}

/** @param lines mrkdwn */
function listed(title: string, lines: readonly string[]): SlackBlock[] {
  return lines.length === 0 ? [] : sections([`*${title}*`, ...lines.map((line) => `• ${line}`)]);
}

/** Lines of mrkdwn in the fewest blocks that hold them. */
function sections(lines: readonly string[]): SlackBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last === undefined || last.length + 1 + line.length > TEXT_LENGTH) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts.map((text) => ({ type: "section", text: mrkdwn(text) }));
}

function mrkdwn(text: string): Mrkdwn {
  return { type: "mrkdwn", text, verbatim: true };
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Escaped as mrkdwn and then at most `length` characters long, no escape and no pair cut in two. */
function escaped(text: string, length = LINE_LENGTH): string {
  let result = "";
  for (const point of text) {
    const next = ESCAPES[point] ?? point;
    if (result.length + next.length >= length) return `${result}…`;
    result += next;
  }
  return result;
}

function link(url: string, text: string): string {
  // Within a link these end it, escaped or not.
  const address = escaped(url.replace(/[<>|\s]/g, encodeURIComponent), Number.POSITIVE_INFINITY);
  const words = escaped(text.replaceAll("|", "¦"));
  return address.length > ADDRESS_LENGTH ? words : `<${address}|${words}>`;
}
