import type { IncidentFacts } from "./facts.ts";
import type { Message } from "./message.ts";
import { lineOf, omittedWords, othersTitle, TEST_WORDS } from "./text.ts";

/** The message as a page for mail readers: no images, no scripts, nothing that is fetched. */
export function toHtml(message: Message): string {
  const { subject, worst, url } = message;
  const body = worst === null ? `<p>${escaped(TEST_WORDS)}</p>` : `${whole(worst)}${others(message)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>
<body style="font-family: sans-serif; max-width: 48rem">
<h1 style="font-size: 1.2rem">${escaped(subject)}</h1>
${body}<p>${link(url, "Open in Spillway")}</p>
</body></html>
`;
}

function whole({ summary, facts, evidence, remedies }: IncidentFacts): string {
  const rows = facts.map(
    ({ name, value }) =>
      `<tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">${escaped(name)}</th><td>${escaped(value)}</td></tr>\n`,
  );
  return [
    summary === null ? "" : `<p>${escaped(summary)}</p>\n`,
    `<table>\n${rows.join("")}</table>\n`,
    listed("Evidence", evidence.map(escaped)),
    listed("What to do", remedies.map(escaped)),
  ].join("");
}

function others(message: Message): string {
  const omitted = omittedWords(message);
  const lines = message.others.map((one) => link(one.url, lineOf(one)));
  return listed(othersTitle(message), omitted === "" ? lines : [...lines, escaped(omitted)]);
}

/** @param items HTML */
function listed(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const lines = items.map((item) => `<li>${item}</li>\n`).join("");
  return `<h2 style="font-size: 1rem">${escaped(title)}</h2>\n<ul>\n${lines}</ul>\n`;
}

function link(url: string, text: string): string {
  return `<a href="${escaped(url)}">${escaped(text)}</a>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
