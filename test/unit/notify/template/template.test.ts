import { describe, expect, test } from "vitest";
import { escapedMrkdwn } from "../../../../src/notify/message/slack.ts";
import { sayingBy } from "../../../../src/notify/template/own-texts.ts";
import { compileTemplate, type TemplateFault } from "../../../../src/notify/template/template.ts";
import { variablesOf } from "../../../../src/notify/template/variables.ts";
import {
  incident,
  manyIncidents,
  notification,
  notified,
  resolution,
  testing,
} from "../../../support/receivers/notifications.ts";

const plain = (text: string) => text;
const rendered = (source: string, told = notification(), escaping = plain) =>
  compileTemplate(source, escaping).render(variablesOf(told));

function faultOf(source: string): TemplateFault {
  try {
    compileTemplate(source, plain);
  } catch (error) {
    return error as TemplateFault;
  }
  throw new Error(`nothing is wrong with ${source}`);
}

test("a template says what a notification does, in its own words", () => {
  const source = `{{ severity | downcase }}: {{ incident.title }}
    {%- if incident.lost_or_delayed %}, {{ incident.lost_or_delayed }}{% endif %}
    {%- for host in incident.hosts %} on {{ host }}{% endfor %}, since {{ incident.started_at | date: "%H:%M" }}
    {%- unless incident.labels.zone %}, in no zone{% endunless %}: {{ incident.url }}`;
  expect(rendered(source)).toBe(
    "critical: Application accepts nothing on port 8080: web-1, 56 % of new connections (47 % to 90 %) on web-1, since 10:42, in no zone: https://spillway.example/incidents/12",
  );
});

test("the variables are these, and null is what is not known", () => {
  const { incidents, incident: worst, ...rest } = variablesOf(notification());
  expect(Object.keys(rest).sort()).toEqual([
    "digest",
    "group",
    "group_labels",
    "incident_count",
    "kind",
    "open_count",
    "severity",
    "state",
    "subject",
    "text",
    "url",
  ]);
  expect(incidents).toEqual([worst]);
  expect(worst).toMatchObject({
    acknowledged: null,
    cause: "application stalled, confidence 92 %",
    cause_name: "APPLICATION_STALLED",
    contributing: "memory pressure",
    evidence: [expect.stringContaining("1,138"), expect.stringContaining("full queue")],
    flapping: null,
    host_count: 1,
    hosts: ["web-1"],
    id: 12,
    key: "0123456789abcdef0123456789abcdef",
    listener: "0.0.0.0:8080",
    lost_or_delayed: "56 % of new connections (47 % to 90 %)",
    overflows: expect.stringContaining("25 a second"),
    preceded_by: expect.stringContaining("api v2"),
    resolved_at: null,
    severity: "CRITICAL",
    share: 0.56,
    since: "2026-11-22 10:42 UTC, for 7 min",
    started_at: "2026-11-22T10:42:00.000Z",
    state: "open",
    summary: expect.stringContaining("accepts nothing"),
    title: "Application accepts nothing on port 8080: web-1",
    url: "https://spillway.example/incidents/12",
    urgency: "PAGE",
    what_to_do: [expect.stringContaining("See what the process does")],
    where: "web-1",
  });
});

test("of five hundred incidents a template goes through the worst, and knows how many there are", () => {
  const told = notification({ incidents: manyIncidents(500) });
  expect(rendered("{{ incidents.size }} of {{ incident_count }}, {{ open_count }} open", told)).toBe(
    "21 of 500, 500 open",
  );
  expect(rendered("{{ kind }} {{ open_count }} {{ state }}", resolution())).toBe("resolved 0 resolved");
});

describe("what comes from outside", () => {
  const evil = notification({
    incidents: [notified({ incident: incident({ title: "<!channel> {{ url }} & more\r\nBcc: x" }) })],
  });

  test("is escaped for where it is shown, and is no template", () => {
    expect(rendered("<!here> {{ incident.title }}", evil, escapedMrkdwn)).toBe(
      "<!here> &lt;!channel&gt; {{ url }} &amp; more Bcc: x",
    );
  });

  test.each([
    "{{ incident.title | raw }}",
    "{% echo incident.title %}",
    "{% capture t %}{{ incident.title }}{% endcapture %}{{ t }}",
  ])("has no way around that: %s", (source) => {
    expect(() => compileTemplate(source, escapedMrkdwn)).toThrow(/undefined filter|not found/);
  });
});

test.each([
  ["{{ titel }}", "there is no variable titel", 3],
  ["one\ntwo {{ incident.titel }}", "there is no variable incident.titel", 11],
  ['{% if state == "never" %}{{ incident.titel }}{% endif %}', "there is no variable incident.titel", 28],
  ["{% for one in incidents %}{{ one.titel }}{% endfor %}", "there is no variable one.titel", 29],
  ["{{ incident.constructor }}", "there is no variable incident.constructor", 3],
  ["{{ subject | shout }}", "undefined filter: shout", 0],
  ["{% if subject %}", "tag {% if subject %} not closed", 0],
  ["a {{ subject", 'output "{{ subject" not closed', 2],
  ["{% include '/etc/passwd' %}", 'tag "include" not found', 0],
  ["{% render '/etc/passwd' %}", 'tag "render" not found', 0],
  ["{% layout '/etc/passwd' %}", 'tag "layout" not found', 0],
  ["{% for n in (1..99999999) %}x{% endfor %}", "memory alloc limit exceeded", 0],
  ["x".repeat(10_001), "a template of 10001 characters", null],
  [`{% for n in (1..900) %}${"x".repeat(100)}{% endfor %}`, "a text of 90000", null],
])("%.60s is refused: %s", (source, message, offset) => {
  const fault = faultOf(source);
  expect(fault.message).toContain(message);
  expect(fault.offset).toBe(offset);
});

test("one without end is stopped", () => {
  const loop = (depth: number): string =>
    depth === 0 ? "{{ url }}" : `{% for n in (1..500) %}${loop(depth - 1)}{% endfor %}`;
  expect(faultOf(loop(5)).message).toMatch(/limit exceeded/);
});

describe("a template that fails when it is needed", () => {
  const template = compileTemplate(
    '{% for one in incidents %}{% if one.title contains "web-1" and one.id > 9 %}{{ one.nope }}{% endif %}{% endfor %}fine',
    plain,
  );

  test("leaves its text out and says why, and the others are there", () => {
    const told = sayingBy({ bad: template, good: compileTemplate("{{ url }}", plain) }, notification())();
    expect(told).toEqual({
      texts: { good: "https://spillway.example/incidents/12" },
      faults: ["template.bad failed (there is no variable one.nope)"],
    });
  });
});

test("a test shows what a template makes of an example, and says that it is one", () => {
  const templates = {
    own: compileTemplate("{{ incident.title }}", plain),
    built: compileTemplate("{{ subject }}", plain),
  };
  expect(sayingBy(templates, testing())().texts).toEqual({
    own: "[TEST] An example, nothing is wrong: application accepts nothing on port 8080: web-1",
    built: "[TEST] Spillway reaches this receiver",
  });
});

test("one that has nothing to say leaves it to the built-in text", () => {
  const template = compileTemplate('{% if state == "resolved" %}over{% endif %}', plain);
  expect(sayingBy({ text: template }, notification())()).toEqual({ texts: {}, faults: [] });
  expect(sayingBy({ text: template }, resolution())().texts).toEqual({ text: "over" });
});
