/**
 * The message as Slack's blocks. What comes from outside is escaped, and `verbatim` keeps Slack from making links and
 * mentions of it: a host could be called `<!channel>` or `@here`.
 */
import { wellFormed } from "./clean.ts";
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
const BLOCKS = 50;
const TEXT_LENGTH = 3_000;
const FIELD_LENGTH = 2_000;
const FIELDS = 10;
/** Of the text for where blocks are not shown, which should be a line or two; 40,000 are taken. */
const OWN_TEXT_LENGTH = 4_000;
/** So that a line with its link is well below what a block takes. */
const LINE_LENGTH = 1_200;
const ADDRESS_LENGTH = 1_500;

/** Mrkdwn of somebody's own, in place of the built-in fallback text and of all blocks. */
export interface OwnSlackTexts {
  readonly text?: string | undefined;
  readonly section?: string | undefined;
}

export function toSlack(message: Message, own: OwnSlackTexts = {}): SlackMessage {
  const text = own.text === undefined ? escaped(message.subject) : clipMrkdwn(own.text, OWN_TEXT_LENGTH);
  return { text, blocks: own.section === undefined ? builtIn(message) : ownSections(own.section) };
}

/** Lines of any length and number, as far as there is room. */
function ownSections(text: string): SlackBlock[] {
  const lines = wellFormed(text).split("\n");
  return sections(lines.map((line) => clipMrkdwn(line, TEXT_LENGTH)))
    .filter(({ text }) => text?.text.trim() !== "")
    .slice(0, BLOCKS);
}

/** At most so long, nothing cut within an escape or a link. */
function clipMrkdwn(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${wellFormed(text.slice(0, length - 1)).replace(/(?:<[^<>]*|&[a-z]*|\ufffd)$/, "")}…`;
}

function builtIn(message: Message): SlackBlock[] {
  const { subject, worst, url } = message;
  const summary = worst === null ? TEST_WORDS : worst.summary;
  return [
    ...sections([`*${escaped(subject)}*`, ...(summary === null ? [] : [escaped(summary)])]),
    ...(worst === null ? [] : details(worst)),
    ...others(message),
    ...sections([link(url, "Open in Spillway")]),
  ];
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

/** What comes from outside, as text in mrkdwn, within a link or not. */
export function escapedMrkdwn(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ESCAPES[sign] ?? sign).replaceAll("|", BAR);
}

/** In place of what ends the address of a link, and nothing within its words. */
const BAR = "¦";

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
  const words = escaped(text.replaceAll("|", BAR));
  return address.length > ADDRESS_LENGTH ? words : `<${address}|${words}>`;
}
