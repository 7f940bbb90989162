import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HeldFarEnd } from "../../../support/receivers/contract.ts";
import { sendBy } from "../../../support/receivers/deps.ts";
import {
  hostileNotification,
  incident,
  manyIncidents,
  notification,
  notified,
  resolution,
  STARTED_AT,
  testing,
} from "../../../support/receivers/notifications.ts";
import { startPagerDuty } from "../../../support/receivers/pagerduty.ts";

const KEY = "0123456789abcdef0123456789abcdef";
let farEnd: HeldFarEnd;
beforeAll(async () => {
  farEnd = await startPagerDuty();
});
afterAll(async () => {
  await farEnd.close();
  expect(farEnd.faults).toEqual([]);
});

async function send(told = notification(), more = {}) {
  const settings = { type: "pagerduty", routing_key: KEY, url: `${farEnd.url}/v2/enqueue`, ...more };
  const outcome = await sendBy(settings, told, { now: () => STARTED_AT });
  return { outcome, event: farEnd.requests.at(-1)?.json };
}

const acknowledged = notified({ incident: incident({ acknowledgedAt: STARTED_AT, acknowledgedBy: "ada" }) });

test("an incident is triggered with what a person needs", async () => {
  const { outcome, event } = await send();
  expect(outcome).toMatchObject({ delivered: true, status: 202 });
  expect(event).toMatchInlineSnapshot(`
    {
      "client": "Spillway",
      "client_url": "https://spillway.example",
      "dedup_key": "spillway-65247aa52e0429b4ac5bab3778d584ec888c857c24e5544fd7972a788e749206",
      "event_action": "trigger",
      "links": [
        {
          "href": "https://spillway.example/incidents/12",
          "text": "Open in Spillway",
        },
      ],
      "payload": {
        "class": "APPLICATION_STALLED",
        "component": "0.0.0.0:8080",
        "custom_details": {
          "Cause": "application stalled, confidence 92 %",
          "Contributing": "memory pressure",
          "Evidence": [
            "1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.",
            "The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.",
          ],
          "Listener": "0.0.0.0:8080",
          "Lost or delayed": "56 % of new connections (47 % to 90 %)",
          "Overflows": "▁▁▂▅█ up to 25 a second",
          "Preceded by": "deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before",
          "Since": "2026-11-22 10:42 UTC, for 7 min",
          "Summary": "The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).",
          "What to do": [
            "See what the process does. A larger backlog will not help: it fills as well.",
          ],
          "Where": "web-1",
        },
        "severity": "critical",
        "source": "web-1",
        "summary": "[CRITICAL] Application accepts nothing on port 8080: web-1",
        "timestamp": "2026-11-22T10:42:00.000Z",
      },
      "routing_key": "0123456789abcdef0123456789abcdef",
    }
  `);
});

test("one key from the first event to the last, whatever the group is called", async () => {
  const groupKey = "x".repeat(5_000);
  const events = [
    notification({ groupKey }),
    notification({ groupKey, kind: "ACKNOWLEDGED", incidents: [acknowledged] }),
    resolution({ groupKey }),
  ];
  const sent = [];
  for (const told of events) sent.push((await send(told)).event);
  const keys = new Set(sent.map((event) => (event as { dedup_key: string }).dedup_key));
  expect(keys.size).toBe(1);
  expect(sent.map((event) => (event as { event_action: string }).event_action)).toEqual([
    "trigger",
    "acknowledge",
    "resolve",
  ]);
});

test("a group is acknowledged when somebody is on each of its incidents, and resolved when none goes on", async () => {
  const others = [acknowledged, notified()];
  expect((await send(notification({ kind: "ACKNOWLEDGED", incidents: others }))).event).toMatchObject({
    event_action: "trigger",
  });
  const [over] = resolution().incidents;
  const some = notification({
    kind: "CHANGED",
    incidents: [notified(), ...(over === undefined ? [] : [over])],
  });
  expect((await send(some)).event).toMatchObject({
    event_action: "trigger",
    payload: {
      summary: "[CRITICAL] 2 incidents, 1 of them open: Application accepts nothing on port 8080: web-1",
    },
  });
});

test("five hundred incidents are one event, the worst of them whole", async () => {
  const { outcome, event } = await send(notification({ incidents: manyIncidents(500) }));
  expect(outcome.delivered).toBe(true);
  const { Others } = (event as { payload: { custom_details: { Others: string[] } } }).payload.custom_details;
  expect(Others).toHaveLength(21);
  expect(Others.at(-1)).toBe("and 479 more, on the page");
});

test("with a template the summary is its text, on one line that PagerDuty takes", async () => {
  const template = {
    summary: "{{ incident.where }}:\n{{ incident.title }}{% for n in (1..40) %} {{ subject }}{% endfor %}",
  };
  const { event } = await send(notification(), { template });
  const { summary } = (event as { payload: { summary: string } }).payload;
  expect(summary).toMatch(/^web-1: Application accepts nothing on port 8080: web-1 \[CRITICAL\]/);
  expect(summary).toHaveLength(1_024);
  expect((await send(resolution(), { template })).event).toMatchObject({ event_action: "resolve" });
  expect((await send(testing(), { template })).event).toMatchObject({
    payload: { severity: "info", summary: expect.stringMatching(/^\[TEST\] web-1, web-2/) },
  });
});

test("a test is an event that says so", async () => {
  expect((await send(testing())).event).toMatchObject({
    event_action: "trigger",
    payload: { severity: "info", summary: "[TEST] Spillway reaches this receiver" },
  });
});

test.each([
  [400, {}, false, null],
  [429, { "retry-after": "30" }, true, 30_000],
  [500, {}, true, null],
  [503, { "retry-after": new Date(STARTED_AT + 90_000).toUTCString() }, true, 90_000],
  [302, { location: "http://127.0.0.1/" }, false, null],
  [401, { "retry-after": "30" }, false, null],
] as const)("an answer of %i", async (status, headers, retry, retryAfterMs) => {
  farEnd.answerNext({ status, headers, body: `no such key: ${KEY}` });
  const { outcome } = await send();
  expect(outcome).toMatchObject({ delivered: false, status, retry, retryAfterMs });
  expect(outcome.answer).not.toContain(KEY);
});

test("a 200 is of something in between, and may pass", async () => {
  farEnd.answerNext({ status: 200, body: "<html>Sign in to the hotel's network</html>" });
  expect((await send()).outcome).toMatchObject({ delivered: false, status: 200, retry: true });
});

test("nobody there is no answer, and may pass", async () => {
  const settings = { type: "pagerduty", routing_key: KEY, url: "http://127.0.0.1:9/v2/enqueue" };
  const outcome = await sendBy(settings);
  expect(outcome).toMatchObject({ delivered: false, status: null, retry: true });
});

test("whatever others have called things, the event is one that PagerDuty takes", async () => {
  await fc.assert(
    fc.asyncProperty(hostileNotification, async (told) => {
      expect((await send(told)).outcome).toMatchObject({ delivered: true });
    }),
    { numRuns: 40 },
  );
});
