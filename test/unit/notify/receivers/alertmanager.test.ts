import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  identity,
  type PostedAlert,
  type StandIn,
  startStandIn,
} from "../../../support/receivers/alertmanager.ts";
import { sendBy } from "../../../support/receivers/deps.ts";
import {
  hostileNotification,
  incident,
  MINUTE,
  manyIncidents,
  notification,
  notified,
  RESOLVED_AT,
  resolution,
  STARTED_AT,
  testing,
} from "../../../support/receivers/notifications.ts";

let [first, second]: StandIn[] = [];
beforeEach(async () => {
  [first, second] = [await startStandIn(), await startStandIn()];
});
afterEach(async () => {
  for (const instance of [first, second]) {
    await instance?.close();
    expect(instance?.faults).toEqual([]);
  }
});

function send(told = notification(), more = {}) {
  const urls = [first, second].flatMap((instance) => instance?.url ?? []);
  return sendBy({ type: "alertmanager", urls, ...more }, told, { now: () => STARTED_AT });
}

const posted = (instance: StandIn | undefined) => [...(instance?.alerts.values() ?? [])];

test("an incident is one alert, at every instance", async () => {
  expect(await send()).toMatchObject({ delivered: true, status: 200 });
  expect(posted(first)).toEqual(posted(second));
  expect(posted(first)).toMatchInlineSnapshot(`
    [
      {
        "annotations": {
          "cause": "application stalled, confidence 92 %",
          "contributing": "memory pressure",
          "description": "The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).",
          "evidence": "1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.
    The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.",
          "listener": "0.0.0.0:8080",
          "lost_or_delayed": "56 % of new connections (47 % to 90 %)",
          "overflows": "▁▁▂▅█ up to 25 a second",
          "preceded_by": "deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before",
          "since": "2026-11-22 10:42 UTC, for 7 min",
          "summary": "Application accepts nothing on port 8080: web-1",
          "url": "https://spillway.example/incidents/12",
          "what_to_do": "See what the process does. A larger backlog will not help: it fills as well.",
          "where": "web-1",
        },
        "endsAt": "2026-11-22T10:53:00.000Z",
        "generatorURL": "https://spillway.example/incidents/12",
        "labels": {
          "alertname": "SpillwayIncident",
          "cause": "APPLICATION_STALLED",
          "incident": "0123456789abcdef0123456789abcdef",
          "role": "web",
          "severity": "critical",
          "urgency": "page",
        },
        "startsAt": "2026-11-22T10:42:00.000Z",
      },
    ]
  `);
});

test("while it fires its end is four sendings ahead, and then it is the time it was over", async () => {
  await send(notification({ at: STARTED_AT + 7 * MINUTE }));
  await send(notification({ at: STARTED_AT + 8 * MINUTE }));
  expect(posted(first)).toMatchObject([{ endsAt: new Date(STARTED_AT + 12 * MINUTE).toISOString() }]);
  await send(resolution());
  expect(posted(first)).toMatchObject([{ endsAt: new Date(RESOLVED_AT).toISOString() }]);
});

test("it stays one alert while its cause, its title and its hosts' labels change", async () => {
  const labelsAtFirst = { role: "web", zone: "a", cause: "APPLICATION_STALLED" };
  await send(notification({ incidents: [notified({ labelsAtFirst })] }));
  const later = incident({ cause: "APPLICATION_SLOW", title: "another", labels: { role: "web" } });
  await send(notification({ incidents: [notified({ incident: later, labelsAtFirst })] }));
  const over = incident({ ...later, resolvedAt: RESOLVED_AT, labels: {} });
  await send(resolution({ incidents: [notified({ incident: over, labelsAtFirst })] }));
  expect(posted(first)).toHaveLength(1);
  expect(posted(first)[0]?.labels).toMatchObject({ zone: "a", cause: "APPLICATION_STALLED" });
});

test("one that becomes worse is an alert that is routed anew", async () => {
  await send(notification({ incidents: [notified({ incident: incident({ severity: "MINOR" }) })] }));
  await send();
  expect(posted(first).map(({ labels }) => labels.severity)).toEqual(["minor", "critical"]);
});

test("labels of hosts do not pass for those of the alert, and empty ones are left out", async () => {
  const groupLabels = { severity: "none", incident: "mine", alertname: "Other", team: "" };
  await send(notification({ groupLabels, incidents: [notified({ labelsAtFirst: groupLabels })] }));
  expect(posted(first)[0]?.labels).toEqual({
    alertname: "SpillwayIncident",
    incident: incident().dedupKey,
    severity: "critical",
    urgency: "page",
  });
});

test("one instance that takes it is enough; the other is named", async () => {
  second?.answerNext({ status: 500, body: "disk full" });
  const outcome = await send();
  expect(outcome).toMatchObject({ delivered: true, status: 200 });
  expect(outcome.answer).toBe(`${first?.host} 200; ${second?.host} 500: disk full`);
});

test("an instance that does not answer is named once", async () => {
  const outcome = await sendBy({ type: "alertmanager", urls: ["http://127.0.0.1:9"] });
  expect(outcome.answer).toMatch(/^127\.0\.0\.1:9 does not answer: /);
});

test("none that takes it is tried again, after the shortest wait that they ask for", async () => {
  first?.answerNext({ status: 503, headers: { "retry-after": "60" } });
  second?.answerNext({ status: 429, headers: { "retry-after": "20" } });
  expect(await send()).toMatchObject({ delivered: false, retry: true, status: 503, retryAfterMs: 20_000 });
});

test.each([301, 401, 403, 404])(
  "a %i is tried again: until it is mended nothing may be forgotten",
  async (status) => {
    for (const instance of [first, second]) instance?.answerNext({ status });
    expect(await send()).toMatchObject({ delivered: false, retry: true, status });
  },
);

test("a 400 of something on the way is tried again, and is no answer of Alertmanager's", async () => {
  for (const instance of [first, second])
    instance?.answerNext({ status: 400, body: "<html>The plain HTTP request was sent to HTTPS port</html>" });
  const outcome = await send(notification({ incidents: manyIncidents(3) }));
  expect(outcome).toMatchObject({ delivered: false, retry: true, status: 400 });
});

test.each([413, 422])("a %i is final: it is of what was sent", async (status) => {
  for (const instance of [first, second]) instance?.answerNext({ status });
  expect(await send()).toMatchObject({ delivered: false, retry: false, status });
});

test("a 400 for all there is is final", async () => {
  for (const instance of [first, second]) instance?.refuse(() => true);
  expect(await send()).toMatchObject({ delivered: false, retry: false, status: 400 });
});

test("a 400 for some is as good as 200: what was valid is stored, and to be repeated", async () => {
  const [bad, ...good] = manyIncidents(3);
  for (const instance of [first, second]) {
    instance?.refuse(({ labels }: PostedAlert) => labels.incident === bad?.incident.dedupKey);
  }
  const outcome = await send(notification({ incidents: bad === undefined ? good : [bad, ...good] }));
  expect(outcome).toMatchObject({ delivered: true, status: 400 });
  expect(outcome.answer).toContain('400: "some alerts are not valid"');
  expect(posted(first)).toHaveLength(2);
});

test("after a batch in which some were refused the others are sent all the same", async () => {
  const all = manyIncidents(150);
  first?.refuse(({ labels }) => labels.incident === all[0]?.incident.dedupKey);
  const outcome = await send(notification({ incidents: all }));
  expect(posted(first)).toHaveLength(149);
  expect(posted(second)).toHaveLength(150);
  expect(outcome).toMatchObject({ delivered: true });
  expect(outcome.answer).toContain(`${first?.host} 400: "some alerts are not valid"`);
});

test("five hundred incidents go in batches, none twice", async () => {
  await send(notification({ incidents: manyIncidents(500) }));
  expect(first?.requests).toHaveLength(8);
  expect(new Set(posted(first).map(identity)).size).toBe(500);
});

test.each([
  [{ bearer: "secret-token" }, "Bearer secret-token"],
  [
    { basic_auth: { username: "spillway", password: "geheim:ü" } },
    `Basic ${Buffer.from("spillway:geheim:ü").toString("base64")}`,
  ],
])("it says who it is", async (settings, authorization) => {
  await send(notification(), settings);
  expect(first?.requests[0]?.headers.authorization).toBe(authorization);
});

test("with templates each alert has their annotations, of its own incident", async () => {
  const template = {
    runbook: "https://wiki.example/{{ incident.cause_name | downcase }}",
    summary: "{{ incident.title }} ({{ incident_count }})",
    nothing: "{% if incident.labels.zone %}in {{ incident.labels.zone }}{% endif %}",
  };
  await send(notification({ incidents: manyIncidents(3) }), { template });
  const annotations = posted(first).map((alert) => alert.annotations);
  expect(annotations.map(({ summary }) => summary).sort()).toEqual(
    [0, 1, 2].map((index) => `Application accepts nothing on port 8080: web-${index} (3)`),
  );
  for (const each of annotations) {
    expect(each).toMatchObject({
      runbook: "https://wiki.example/application_stalled",
      where: expect.any(String),
    });
    expect(each).not.toHaveProperty("nothing");
  }
});

test("a test is an alert of its own, which ends by itself", async () => {
  await send(testing());
  expect(posted(first)).toMatchObject([
    { labels: { alertname: "SpillwayTest", receiver: "night", severity: "info" } },
  ]);
});

test("whatever others have called things, the alerts are valid", async () => {
  await fc.assert(
    fc.asyncProperty(hostileNotification, async (told) => {
      expect(await send(told)).toMatchObject({ delivered: true });
    }),
    { numRuns: 20 },
  );
});
