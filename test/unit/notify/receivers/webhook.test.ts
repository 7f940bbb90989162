import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { retryAfter } from "../../../../src/notify/receivers/ask.ts";
import type { HeldFarEnd } from "../../../support/receivers/contract.ts";
import { sendBy } from "../../../support/receivers/deps.ts";
import {
  hostileNotification,
  manyIncidents,
  notification,
  resolution,
  STARTED_AT,
  testing,
} from "../../../support/receivers/notifications.ts";
import { startWebhook } from "../../../support/receivers/webhook.ts";

const secretOf = (letter: string) => `whsec_${Buffer.from(letter.repeat(32)).toString("base64")}`;
const [NEW, OLD, OTHER] = [secretOf("n"), secretOf("o"), secretOf("x")];
let farEnd: HeldFarEnd;
beforeAll(async () => {
  farEnd = await startWebhook(NEW, OLD);
});
afterAll(async () => {
  await farEnd.close();
  expect(farEnd.faults).toEqual([]);
});

async function send(
  told = notification(),
  url = `${farEnd.url}/hooks/spillway?token=hidden-in-the-query`,
  more = {},
) {
  const settings = { type: "webhook", url, secret: NEW, previous_secrets: [OLD], ...more };
  const outcome = await sendBy(settings, told);
  const request = farEnd.requests.at(-1);
  return {
    outcome,
    request,
    body: request?.json as { type: string; data: { incidents: object[]; message?: string; note?: string } },
  };
}

test("an incident is a payload that both the new and the old secret verify", async () => {
  const { outcome, body } = await send();
  expect(outcome).toMatchObject({ delivered: true, status: 204 });
  expect(body).toMatchInlineSnapshot(`
    {
      "data": {
        "groupKey": "night/{}:{cause=APPLICATION_STALLED,role=web}#1",
        "groupLabels": {
          "cause": "APPLICATION_STALLED",
          "role": "web",
        },
        "incidentCount": 1,
        "incidents": [
          {
            "acknowledgedBy": null,
            "cause": "APPLICATION_STALLED",
            "dedupKey": "0123456789abcdef0123456789abcdef",
            "diagnosis": {
              "confidence": 0.92,
              "contributing": [
                "MEMORY_PRESSURE",
              ],
              "evidence": [
                {
                  "counter": "TcpExtListenOverflows",
                  "listener": null,
                  "statement": "1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.",
                },
                {
                  "counter": null,
                  "listener": {
                    "address": "0.0.0.0",
                    "port": 8080,
                  },
                  "statement": "The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.",
                },
              ],
              "remedies": [
                "See what the process does. A larger backlog will not help: it fills as well.",
              ],
              "summary": "The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).",
            },
            "flapping": false,
            "hostCount": 1,
            "hosts": [
              "web-1",
            ],
            "id": "incident_12",
            "labels": {
              "role": "web",
            },
            "loss": {
              "high": 0.9,
              "low": 0.47,
              "share": 0.56,
            },
            "precededBy": {
              "at": "2026-11-22T10:38:00.000Z",
              "kind": "DEPLOY",
              "title": "api v2",
            },
            "resolvedAt": null,
            "severity": "CRITICAL",
            "startedAt": "2026-11-22T10:42:00.000Z",
            "state": "open",
            "title": "Application accepts nothing on port 8080: web-1",
            "url": "https://spillway.example/incidents/12",
          },
        ],
        "url": "https://spillway.example/incidents",
      },
      "timestamp": "2026-11-22T10:43:00.000Z",
      "type": "incident.opened",
    }
  `);
});

test("with a template there is its message too, and the payload stays small", async () => {
  const url = `${farEnd.url}/hooks/spillway`;
  const short = { template: { message: '{{ incident.title }} "now"' } };
  const { body } = await send(notification(), url, short);
  expect(body.data.message).toBe('Application accepts nothing on port 8080: web-1 "now"');
  const long = { template: { message: '{% for n in (1..900) %}💥"{% endfor %}{{ url }}' } };
  const told = await send(notification({ incidents: manyIncidents(500) }), url, long);
  expect(told.outcome.delivered).toBe(true);
  expect(told.body.data.message).toHaveLength(2_000);
  expect(told.body.data.incidents.length).toBeGreaterThan(0);
});

test("who holds another secret does not take it", async () => {
  const stranger = await startWebhook(OTHER);
  const { outcome } = await send(notification(), stranger.url);
  await stranger.close();
  expect(outcome).toMatchObject({ delivered: false, status: 400 });
});

test("each attempt has the id of the delivery, and says the same", async () => {
  farEnd.answerNext({ status: 503 });
  const first = await send(notification({ at: STARTED_AT + 60_000 }));
  const second = await send(notification({ at: STARTED_AT + 120_000 }));
  expect(first.outcome).toMatchObject({ delivered: false, retry: true });
  expect(second.outcome.delivered).toBe(true);
  expect(first.request?.headers["webhook-id"]).toBe("delivery-1");
  expect(second.request?.headers["webhook-id"]).toBe("delivery-1");
  expect(second.request?.body).toBe(first.request?.body);
});

test("the end and a test have types of their own", async () => {
  expect((await send(resolution())).body.type).toBe("incident.resolved");
  expect((await send(testing())).body).toMatchObject({ type: "receiver.test", data: { incidents: [] } });
});

test.each([
  [5, 5, undefined],
  [40, 40, "35 incidents are told briefly to stay below 20 kB: see url"],
  [500, 41, "40 incidents are told briefly and 459 incidents are left out to stay below 20 kB: see url"],
])("of %i incidents %i are told", async (count, told, note) => {
  const { body } = await send(notification({ incidents: manyIncidents(count) }));
  expect(body.data.incidents).toHaveLength(told);
  expect(body.data.note).toBe(note);
});

test.each([
  [400, {}, true, null],
  [404, {}, true, null],
  [429, { "retry-after": "120" }, true, 120_000],
  [502, {}, true, null],
  [302, { location: "http://127.0.0.1/" }, true, null],
] as const)("an answer of %i", async (status, headers, retry, retryAfterMs) => {
  farEnd.answerNext({ status, headers });
  const { outcome } = await send();
  expect(outcome).toMatchObject({ delivered: false, status, retry, retryAfterMs });
  expect(outcome).not.toHaveProperty("disable");
});

test("a 410 wants nothing more", async () => {
  farEnd.answerNext({ status: 410 });
  expect((await send()).outcome).toMatchObject({ delivered: false, retry: false, disable: true });
});

test("what was secret is not repeated", async () => {
  farEnd.answerNext({ status: 400, body: "POST /hooks/spillway?token=hidden-in-the-query is unknown" });
  expect((await send()).outcome.answer).toBe("400: POST *** is unknown");
  farEnd.answerNext({ status: 404, body: "no /hooks/spillway here" });
  expect((await send()).outcome.answer).toBe("404: no *** here");
  const location = "https://hooks.example/hooks/spillway/?token=hidden-in-the-query";
  farEnd.answerNext({ status: 301, headers: { location } });
  expect((await send()).outcome.answer).toBe(
    "301: a redirect to https://hooks.example***/***, which is not followed",
  );
});

test("whatever others have called things, the payload is signed, small and JSON", async () => {
  await fc.assert(
    fc.asyncProperty(hostileNotification, async (told) => {
      expect((await send(told)).outcome).toMatchObject({ delivered: true });
    }),
    { numRuns: 40 },
  );
});

describe("Retry-After", () => {
  test.each([
    [undefined, null],
    ["", null],
    ["30", 30_000],
    ["0", 0],
    ["-5", null],
    ["1.5", null],
    ["99999999999", null],
    ["999999", 86_400_000],
    ["Sun, 22 Nov 2026 10:43:00 GMT", 60_000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", 0],
    ["tomorrow", null],
  ])("%s is %s ms", (header, ms) => expect(retryAfter(header, STARTED_AT)).toBe(ms));
});
