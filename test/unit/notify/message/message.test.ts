import { describe, expect, test } from "vitest";
import { toHtml } from "../../../../src/notify/message/html.ts";
import { messageOf } from "../../../../src/notify/message/message.ts";
import { toText } from "../../../../src/notify/message/text.ts";
import type { Notification } from "../../../../src/notify/receiver.ts";
import {
  incident,
  manyIncidents,
  notification,
  notified,
  RESOLVED_AT,
  resolution,
  STARTED_AT,
  testing,
} from "../../../support/receivers/notifications.ts";

const textOf = (told: Notification) => toText(messageOf(told));

test("an incident as text", () => {
  expect(textOf(notification())).toMatchInlineSnapshot(`
    "[CRITICAL] Application accepts nothing on port 8080: web-1

    The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).

    Where: web-1
    Since: 2026-11-22 10:42 UTC, for 7 min
    Lost or delayed: 56 % of new connections (47 % to 90 %)
    Cause: application stalled, confidence 92 %
    Contributing: memory pressure
    Listener: 0.0.0.0:8080
    Preceded by: deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before
    Overflows: ▁▁▂▅█ up to 25 a second

    Evidence
    - 1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.
    - The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.

    What to do
    - See what the process does. A larger backlog will not help: it fills as well.

    https://spillway.example/incidents/12
    "
  `);
});

test("the same as HTML", () => {
  expect(toHtml(messageOf(notification()))).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>[CRITICAL] Application accepts nothing on port 8080: web-1</title></head>
    <body style="font-family: sans-serif; max-width: 48rem">
    <h1 style="font-size: 1.2rem">[CRITICAL] Application accepts nothing on port 8080: web-1</h1>
    <p>The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).</p>
    <table>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Where</th><td>web-1</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Since</th><td>2026-11-22 10:42 UTC, for 7 min</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Lost or delayed</th><td>56 % of new connections (47 % to 90 %)</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Cause</th><td>application stalled, confidence 92 %</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Contributing</th><td>memory pressure</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Listener</th><td>0.0.0.0:8080</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Preceded by</th><td>deploy &quot;api v2&quot; at 2026-11-22 10:38 UTC, 4 min before</td></tr>
    <tr><th style="text-align: left; vertical-align: top; padding-right: 1rem">Overflows</th><td>▁▁▂▅█ up to 25 a second</td></tr>
    </table>
    <h2 style="font-size: 1rem">Evidence</h2>
    <ul>
    <li>1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.</li>
    <li>The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.</li>
    </ul>
    <h2 style="font-size: 1rem">What to do</h2>
    <ul>
    <li>See what the process does. A larger backlog will not help: it fills as well.</li>
    </ul>
    <p><a href="https://spillway.example/incidents/12">Open in Spillway</a></p>
    </body></html>
    "
  `);
});

test("the end of it", () => {
  expect(textOf(resolution())).toMatchInlineSnapshot(`
    "[RESOLVED] Application accepts nothing on port 8080: web-1

    The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).

    Where: web-1
    Since: 2026-11-22 10:42 UTC, until 2026-11-22 11:06 UTC: 24 min
    Lost or delayed: 56 % of new connections (47 % to 90 %)
    Cause: application stalled, confidence 92 %
    Contributing: memory pressure
    Listener: 0.0.0.0:8080
    Preceded by: deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before
    Overflows: ▁▁▂▅█ up to 25 a second

    Evidence
    - 1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.
    - The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.

    https://spillway.example/incidents/12
    "
  `);
});

test("an incident of which next to nothing is known", () => {
  const bare = incident({ title: "", diagnosis: null, loss: null, cause: "HOST_SILENT", severity: "MAJOR" });
  const one = notified({ incident: bare, precededBy: null, trend: null, hosts: [], hostCount: 3 });
  expect(textOf(notification({ incidents: [one] }))).toMatchInlineSnapshot(`
    "[MAJOR] Incident 12

    Where: 3 hosts
    Since: 2026-11-22 10:42 UTC, for 7 min
    Cause: host silent

    https://spillway.example/incidents/12
    "
  `);
});

test("a group: the worst whole, others in a line, and how many there was no room for", () => {
  const over = notified({
    incident: incident({ id: 900, title: "Nothing is heard: db-1", resolvedAt: RESOLVED_AT }),
  });
  const incidents = [...manyIncidents(2), over, ...manyIncidents(497)];
  expect(textOf(notification({ kind: "CHANGED", incidents }))).toMatchInlineSnapshot(`
    "[CRITICAL] 500 incidents, 499 of them open: Application accepts nothing on port 8080: web-0

    The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).

    Where: web-0
    Since: 2026-11-22 10:42 UTC, for 7 min
    Lost or delayed: 56 % of new connections (47 % to 90 %)
    Cause: application stalled, confidence 92 %
    Contributing: memory pressure
    Listener: 0.0.0.0:8080
    Preceded by: deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before
    Overflows: ▁▁▂▅█ up to 25 a second

    Evidence
    - 1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.
    - The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.

    What to do
    - See what the process does. A larger backlog will not help: it fills as well.

    Also in this group (cause=APPLICATION_STALLED, role=web)
    - [CRITICAL] Application accepts nothing on port 8080: web-1 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/2
    - [RESOLVED] Nothing is heard: db-1 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/900
    - [CRITICAL] Application accepts nothing on port 8080: web-0 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/1
    - [CRITICAL] Application accepts nothing on port 8080: web-1 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/2
    - [CRITICAL] Application accepts nothing on port 8080: web-2 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/3
    - [CRITICAL] Application accepts nothing on port 8080: web-3 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/4
    - [CRITICAL] Application accepts nothing on port 8080: web-4 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/5
    - [CRITICAL] Application accepts nothing on port 8080: web-5 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/6
    - [CRITICAL] Application accepts nothing on port 8080: web-6 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/7
    - [CRITICAL] Application accepts nothing on port 8080: web-7 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/8
    - [CRITICAL] Application accepts nothing on port 8080: web-8 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/9
    - [CRITICAL] Application accepts nothing on port 8080: web-9 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/10
    - [CRITICAL] Application accepts nothing on port 8080: web-10 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/11
    - [CRITICAL] Application accepts nothing on port 8080: web-11 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/12
    - [CRITICAL] Application accepts nothing on port 8080: web-12 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/13
    - [CRITICAL] Application accepts nothing on port 8080: web-13 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/14
    - [CRITICAL] Application accepts nothing on port 8080: web-14 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/15
    - [CRITICAL] Application accepts nothing on port 8080: web-15 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/16
    - [CRITICAL] Application accepts nothing on port 8080: web-16 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/17
    - [CRITICAL] Application accepts nothing on port 8080: web-17 (application stalled, 56 % lost or delayed, since 2026-11-22 10:42 UTC) https://spillway.example/incidents/18
    - and 479 more, on the page

    https://spillway.example/incidents
    "
  `);
});

test("a digest says that it is one", () => {
  const told = messageOf(
    notification({ digest: true, groupLabels: { role: "web" }, incidents: manyIncidents(3) }),
  );
  expect(told.subject).toBe(
    "[CRITICAL] digest of 3 incidents: Application accepts nothing on port 8080: web-0",
  );
  expect(toText(told)).toContain("Also in this digest (role=web)");
});

test("of five hundred hosts five are named", () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `web-${index}`);
  const text = textOf(notification({ incidents: [notified({ hosts, hostCount: 500 })] }));
  expect(text).toContain("Where: web-0, web-1, web-2, web-3, web-4 and 495 more\n");
});

test("a test", () => {
  expect(textOf(testing())).toMatchInlineSnapshot(`
    "[TEST] Spillway reaches this receiver

    Somebody tried whether Spillway reaches this receiver. It does; nothing is wrong.

    https://spillway.example/incidents
    "
  `);
});

describe("subjects", () => {
  const acknowledged = notified({
    incident: incident({ acknowledgedAt: STARTED_AT, acknowledgedBy: "ada" }),
  });
  const milder = notified({ incident: incident({ severity: "MINOR" }) });
  test.each([
    ["OPENED", [milder], "[MINOR] Application accepts nothing on port 8080: web-1"],
    ["REMINDER", [milder], "[MINOR, still] Application accepts nothing on port 8080: web-1"],
    ["ACKNOWLEDGED", [acknowledged], "[ACKNOWLEDGED] Application accepts nothing on port 8080: web-1"],
    // Somebody is on it, and it became worse all the same.
    ["CHANGED", [acknowledged], "[CRITICAL] Application accepts nothing on port 8080: web-1"],
    [
      "ACKNOWLEDGED",
      [milder, acknowledged],
      "[CRITICAL] 2 incidents: Application accepts nothing on port 8080: web-1",
    ],
  ] as const)("%s", (kind, incidents, subject) => {
    expect(messageOf(notification({ kind, incidents })).subject).toBe(subject);
  });
});
