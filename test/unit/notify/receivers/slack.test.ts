import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
import { startSlack } from "../../../support/receivers/slack.ts";

let farEnd: Awaited<ReturnType<typeof startSlack>>;
beforeAll(async () => {
  farEnd = await startSlack();
});
afterAll(async () => {
  await farEnd.close();
  expect(farEnd.faults).toEqual([]);
});

async function send(told = notification(), settings = {}) {
  const options = { now: () => STARTED_AT };
  const outcome = await sendBy({ type: "slack", url: farEnd.webhook, ...settings }, told, options);
  return { outcome, text: farEnd.requests.at(-1)?.body ?? "", body: farEnd.requests.at(-1)?.json };
}

test("an incident is a message of sections, with its page to open", async () => {
  const { outcome, body } = await send(notification(), { channel: "#night" });
  expect(outcome).toMatchObject({ delivered: true, status: 200 });
  expect(body).toMatchInlineSnapshot(`
    {
      "blocks": [
        {
          "text": {
            "text": "*[CRITICAL] Application accepts nothing on port 8080: web-1*
    The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "fields": [
            {
              "text": "*Where*
    web-1",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Since*
    2026-11-22 10:42 UTC, for 7 min",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Lost or delayed*
    56 % of new connections (47 % to 90 %)",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Cause*
    application stalled, confidence 92 %",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Contributing*
    memory pressure",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Listener*
    0.0.0.0:8080",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Preceded by*
    deploy "api v2" at 2026-11-22 10:38 UTC, 4 min before",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*Overflows*
    ▁▁▂▅█ up to 25 a second",
              "type": "mrkdwn",
              "verbatim": true,
            },
          ],
          "type": "section",
        },
        {
          "text": {
            "text": "*Evidence*
    • 1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.
    • The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "text": {
            "text": "*What to do*
    • See what the process does. A larger backlog will not help: it fills as well.",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "text": {
            "text": "<https://spillway.example/incidents/12|Open in Spillway>",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
      ],
      "channel": "#night",
      "text": "[CRITICAL] Application accepts nothing on port 8080: web-1",
      "unfurl_links": false,
      "unfurl_media": false,
    }
  `);
});

test("who calls a host <!channel> calls nobody", async () => {
  const title = "Nothing is heard: <!channel> & @here <https://evil.example|sign in>";
  const { text } = await send(notification({ incidents: [notified({ incident: incident({ title }) })] }));
  expect(text).toContain(
    "Nothing is heard: &lt;!channel&gt; &amp; @here &lt;https://evil.example|sign in&gt;",
  );
});

describe("with texts of its own", () => {
  const template = {
    text: "{{ severity }}: {{ incident.title }}",
    section:
      "*{{ incident.title }}*\n{% for one in incidents %}<{{ one.url }}|{{ one.title }}> {{ one.summary }}\n{% endfor %}",
  };

  test("a message is these, and what comes from outside is escaped in them", async () => {
    const title = "<!channel> & co";
    const told = notification({ incidents: [notified({ incident: incident({ title, diagnosis: null }) })] });
    expect((await send(told, { template })).body).toMatchObject({
      text: "CRITICAL: &lt;!channel&gt; &amp; co",
      blocks: [
        {
          type: "section",
          text: {
            type: "mrkdwn",
            verbatim: true,
            text: "*&lt;!channel&gt; &amp; co*\n<https://spillway.example/incidents/12|&lt;!channel&gt; &amp; co>",
          },
        },
      ],
    });
    expect((await send(testing(), { template })).body).toMatchObject({
      text: expect.stringMatching(/^\[TEST\] CRITICAL: An example, nothing is wrong/),
    });
  });

  test("what it does not say is as it was", async () => {
    const { body } = await send(notification(), { template: { text: template.text } });
    expect(body).toMatchObject({ text: expect.stringMatching(/^CRITICAL: /), blocks: { length: 5 } });
  });

  test("however much there is, it is within Slack's limits", async () => {
    const long = {
      text: `{% for n in (1..90) %}{{ incident.title }} {% endfor %}`,
      section: `{% for n in (1..40) %}{{ incident.summary }} {{ incident.evidence }} {% endfor %}\n${template.section}`,
    };
    await fc.assert(
      fc.asyncProperty(hostileNotification, async (told) => {
        const { outcome } = await send(told, { template: long });
        expect(outcome).toMatchObject({ delivered: true });
      }),
      { numRuns: 20 },
    );
  });
});

test("the end and a test are said as such", async () => {
  expect((await send(resolution())).body).toMatchObject({
    text: "[RESOLVED] Application accepts nothing on port 8080: web-1",
  });
  expect((await send(testing())).body).toMatchObject({ text: "[TEST] Spillway reaches this receiver" });
});

test("five hundred incidents fit into one message", async () => {
  const { outcome, text } = await send(notification({ incidents: manyIncidents(500) }));
  expect(outcome.delivered).toBe(true);
  expect(text).toContain("web-20 (");
  expect(text).toContain("and 479 more, on the page");
});

test.each([
  [400, "invalid_payload", {}, false, null],
  [403, "action_prohibited", {}, false, null],
  [404, "no_service", {}, false, null],
  [410, "channel_is_archived", {}, false, null],
  [429, "", { "retry-after": "7" }, true, 7_000],
  [500, "rollup_error", {}, true, null],
  [200, "invalid_blocks", {}, false, null],
  [200, "<html>Sign in</html>", {}, true, null],
  [302, "", { location: "http://127.0.0.1/" }, false, null],
] as const)("an answer of %i %s", async (status, body, headers, retry, retryAfterMs) => {
  farEnd.answerNext({ status, headers, body });
  const { outcome } = await send();
  expect(outcome).toMatchObject({ delivered: false, status, retry, retryAfterMs });
  expect(outcome).not.toHaveProperty("disable");
});

test("the address, which is the secret, is shown nowhere", async () => {
  farEnd.answerNext({
    status: 404,
    body: `no_service at ${farEnd.webhook} (/services/T000/B000/verysecretpath)`,
  });
  expect((await send()).outcome.answer).toBe("404: no_service at *** (***)");
});

test("whatever others have called things, the message is one that Slack takes, and mentions nobody", async () => {
  await fc.assert(
    fc.asyncProperty(hostileNotification, async (told) => {
      expect((await send(told)).outcome).toMatchObject({ delivered: true });
    }),
    { numRuns: 40 },
  );
});
