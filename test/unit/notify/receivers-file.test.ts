import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { formatMatcher, parseMatcher } from "../../../src/notify/config/matchers.ts";
import { parseReceivers } from "../../../src/notify/config/receivers-file.ts";
import { groupLabelsOf, type Route, routeOfGroup, targetsOf } from "../../../src/notify/route.ts";
import type { Labels } from "../../../src/store/labels/effective.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const sources = {
  environment: { PAGER_KEY: "0123456789abcdef0123456789abcdef", HOOK: SECRET },
  readText: (path: string) => {
    if (path === "/run/slack") return "https://hooks.slack.com/services/T/B/x\n";
    throw new Error(`ENOENT: no such file ${path}`);
  },
};
const parse = (text: string) => parseReceivers(text, "receivers.yml", sources);

const FILE = `
allow_private: [10.0.0.0/8]
route:
  receiver: chat
  group_wait: 10s
  routes:
    - matchers: [urgency=PAGE]
      receiver: pager
      continue: true
      group_by: [role]
      routes:
        - matchers: ['role=~"db|cache"']
          receiver: dba
    - matchers: [urgency=NOTE]
      receiver: null
receivers:
  - {name: pager, type: pagerduty, routing_key: "\${ENV:PAGER_KEY}"}
  - {name: chat, type: slack, url: "\${FILE:/run/slack}"}
  - name: dba
    type: webhook
    url: https://dba.internal/hook
    secret: "\${ENV:HOOK}"
    allow_private: [dba.internal]
    allow_http: true
`;

describe("receivers.yml", () => {
  const config = parse(FILE);

  test("names receivers, with their secrets read and what they may reach", () => {
    expect(
      config.receivers.map(({ name, settings, allowed }) => ({ name, settings, allowed })),
    ).toMatchObject([
      { name: "pager", settings: { routing_key: "0123456789abcdef0123456789abcdef" } },
      { name: "chat", settings: { url: "https://hooks.slack.com/services/T/B/x" } },
      { name: "dba", allowed: { private: ["10.0.0.0/8", "dba.internal"], http: true } },
    ]);
  });

  test("an attempt has the time of its receiver, else of the file, else 15 s", () => {
    const slack = (more: object) => ({ name: "a", type: "slack", url: "https://x.example/", ...more });
    const timeoutOf = (file: object, receiver: object) =>
      parse(JSON.stringify({ ...file, route: {}, receivers: [slack(receiver)] })).receivers[0]?.timeoutMs;
    expect(timeoutOf({}, {})).toBe(15_000);
    expect(timeoutOf({ timeout: "5s" }, {})).toBe(5_000);
    expect(timeoutOf({ timeout: "5s" }, { timeout: "10s" })).toBe(10_000);
  });

  test("a fingerprint is of what stands in the file", () => {
    const [before] = config.receivers;
    const same = parseReceivers(FILE, "receivers.yml", {
      ...sources,
      environment: { ...sources.environment, PAGER_KEY: "fedcba9876543210fedcba9876543210" },
    });
    expect(same.receivers[0]?.fingerprint).toBe(before?.fingerprint);
    expect(
      parse(FILE.replace("name: pager,", "name: pager, url: https://eu.pagerduty.com/v2/enqueue,"))
        .receivers[0]?.fingerprint,
    ).not.toBe(before?.fingerprint);
  });

  test.each<[string, Labels, string[]]>([
    ["what no route takes goes to the first", { urgency: "TICKET" }, ["chat"]],
    ["a route that takes it", { urgency: "PAGE", role: "web" }, ["pager"]],
    ["the deepest that takes it", { urgency: "PAGE", role: "db" }, ["dba"]],
    ["a pattern is anchored", { urgency: "PAGE", role: "dbx" }, ["pager"]],
    ["null tells nobody", { urgency: "NOTE" }, []],
  ])("%s", (_name, labels, receivers) => {
    expect(targetsOf(config.route, labels).map(({ receiver }) => receiver)).toEqual(receivers);
  });

  test("what a route does not say it has from the one above", () => {
    const [page] = targetsOf(config.route, { urgency: "PAGE", role: "db" });
    expect(page).toEqual({
      route: '{}/{urgency="PAGE"}/{role=~"db|cache"}',
      receiver: "dba",
      groupBy: ["role"],
      timing: { groupWaitMs: 10_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 },
    });
  });

  test.each([
    [
      "route: {receiver: nobody}\nreceivers: []",
      'receivers.yml:1:19: route.receiver: there is no receiver "nobody" under receivers',
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: slack, url: https://x.example/}\n  - {name: a, type: slack, url: https://x.example/}",
      "receivers.yml:4:12: receivers[1].name: a second a",
    ],
    [
      "route: {group_wait: soon}\nreceivers: []",
      'receivers.yml:1:21: route.group_wait: "soon" is not a span of time: write 30s, 5m or 4h',
    ],
    [
      "route:\n  routes:\n    - matchers: [role]\nreceivers: []",
      "receivers.yml:3:18: route.routes[0].matchers[0]: not a matcher",
    ],
    [
      "route:\n  routes:\n    - matchers: ['role=~\"(\"']\nreceivers: []",
      'receivers.yml:3:18: route.routes[0].matchers[0]: "(" is not a regular expression',
    ],
    [
      `route: {}\nreceivers:\n  - {name: a, type: pagerduty, routing_key: "\${ENV:NONE}"}`,
      "receivers.yml:3:45: receivers[0].routing_key: the environment has no NONE",
    ],
    [
      `route: {}\nreceivers:\n  - {name: a, type: slack, url: "\${FILE:/gone}"}`,
      "receivers.yml:3:33: receivers[0].url: ENOENT",
    ],
    [
      `route: {}\nreceivers:\n  - {name: a, type: slack, url: "\${VAULT:x}"}`,
      `receivers.yml:3:33: receivers[0].url: \${VAULT:...} is no reference`,
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: fax, url: https://x.example/}",
      "receivers.yml:3:21: receivers[0].type:",
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: slack, url: https://x.example/, chanel: x}",
      "receivers.yml:3:61: receivers[0]: Unrecognized key",
    ],
    [
      "route: {}\nreceivers: []\nallow_private: [https://x]",
      "receivers.yml:3:17: allow_private[0]: an address, a range",
    ],
    [
      "route: {}\nreceivers:\n  - name: a\n    type: slack\n    url: https://x.example/\n    template:\n      section: |\n        *{{ subject }}*\n        {{ incident.title }} {{ incident.titel }}",
      "receivers.yml:9:33: receivers[0].template.section: there is no variable incident.titel",
    ],
    [
      'route: {}\nreceivers:\n  - {name: a, type: pagerduty, routing_key: k, template: {summary: "{{ url }} {{ ulr }}"}}',
      "receivers.yml:3:82: receivers[0].template.summary: there is no variable ulr",
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: alertmanager, urls: [https://x.example/], template: {runbook: '{% for %}'}}",
      "receivers.yml:3:84: receivers[0].template.runbook: illegal tag",
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: slack, url: https://x.example/, template: {title: x}}",
      "receivers.yml:3:71: receivers[0].template: Unrecognized key",
    ],
    [
      "route: {page_limit: {pages: 0, within: 10m}}\nreceivers: []",
      "receivers.yml:1:29: route.page_limit.pages: Too small",
    ],
    [
      "route: {}\nreceivers:\n  - {name: a, type: slack, url: https://x.example/, timeout: 16s}",
      "receivers.yml:3:62: receivers[0].timeout: from 1s to 15s",
    ],
    ["route: {}\nreceivers: []\ntimeout: 0s", "receivers.yml:3:10: timeout: from 1s to 15s"],
    ["", "receivers.yml:1:1: the file:"],
    ["route: {receiver: a", "receivers.yml:1:20:"],
  ])("%j has a fault with its place", (text, fault) => expect(() => parse(text)).toThrow(fault));

  test("a fault does not repeat a secret", () => {
    const text = `route: {}\nreceivers:\n  - {name: a, type: webhook, url: "ftp://x", secret: "\${ENV:PAGER_KEY}"}`;
    expect(() => parse(text)).toThrow(/receivers\[0\]\.secret/);
    expect(() => parse(text)).not.toThrow(/0123456789abcdef/);
  });

  test("the example is one", () => {
    const path = new URL("../../../deploy/receivers.example.yml", import.meta.url);
    const environment = {
      PAGERDUTY_KEY: sources.environment.PAGER_KEY,
      SLACK_URL: "https://hooks.slack.com/services/T/B/x",
      WEBHOOK_SECRET: SECRET,
    };
    // The service starts with them: they are no settings of its own.
    expect(() => readConfig(environment)).not.toThrow();
    const { receivers, route } = parseReceivers(readFileSync(path, "utf8"), "example", {
      environment,
      readText: () => "smtps://user:password@mail.example.com",
    });
    expect(receivers.map(({ settings }) => settings.type).sort()).toEqual([
      "alertmanager",
      "email",
      "pagerduty",
      "slack",
      "webhook",
    ]);
    expect(targetsOf(route, { urgency: "PAGE" }).map(({ receiver }) => receiver)).toContain("pager");
  });
});

test("pages of a role are limited as the nearest route says, to one in a quarter of an hour where none does", () => {
  const { route } = parse(`
route:
  routes:
    - matchers: [role=a]
    - matchers: [role=b]
      page_limit: {pages: 5, within: 10m}
      routes:
        - matchers: [urgency=PAGE]
        - matchers: [urgency=TICKET]
          page_limit: null
receivers: []
`);
  const limits = ({ pageLimit, routes }: Route): unknown[] => [pageLimit, ...routes.flatMap(limits)];
  const [none, five] = [
    { pages: 1, withinMs: 900_000 },
    { pages: 5, withinMs: 600_000 },
  ];
  expect(limits(route)).toEqual([none, none, five, five, null]);
});

test.each([
  ['role="web"', { name: "role", op: "EQ", value: "web" }],
  ["role=web", { name: "role", op: "EQ", value: "web" }],
  [' role != "a b" ', { name: "role", op: "NE", value: "a b" }],
  ['role=~"a|b"', { name: "role", op: "RE", value: "a|b" }],
  ['role!~"a\\"b"', { name: "role", op: "NRE", value: 'a"b' }],
  ['role=""', { name: "role", op: "EQ", value: "" }],
])("%s is a matcher, and is written as one", (text, matcher) => {
  expect(parseMatcher(text)).toEqual(matcher);
  expect(parseMatcher(formatMatcher(matcher as Exclude<ReturnType<typeof parseMatcher>, string>))).toEqual(
    matcher,
  );
});

test("groups have the labels asked for, in one order, empty where one lacks", () => {
  const labels = groupLabelsOf({ role: "web", cause: "X" }, ["role", "cause", "toString"]);
  expect(Object.entries(labels)).toEqual([
    ["cause", "X"],
    ["role", "web"],
    ["toString", ""],
  ]);
});

test("a group whose route is gone goes by the root", () => {
  const timing = { groupWaitMs: 1, groupIntervalMs: 2, repeatIntervalMs: 3 };
  const root: Route = {
    id: "{}",
    receiver: null,
    matchers: [],
    groupBy: [],
    timing,
    pageLimit: null,
    continues: false,
    routes: [],
  };
  expect(routeOfGroup(root, "gone")).toBe(root);
});
