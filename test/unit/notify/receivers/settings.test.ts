import { expect, test } from "vitest";
import { createReceiver } from "../../../../src/notify/receivers/index.ts";
import { ReceiverSettings } from "../../../../src/notify/receivers/settings.ts";
import { testDeps } from "../../../support/receivers/deps.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const mail = {
  type: "email",
  smtp_url: "smtp://mail.example.com",
  from: "a@example.com",
  to: ["b@example.com"],
};

test.each([
  [
    { type: "alertmanager", urls: ["http://am-1:9093/prefix/", "http://am-2:9093"] },
    "ALERTMANAGER",
    "am-1:9093, am-2:9093",
  ],
  [{ type: "pagerduty", routing_key: "0123" }, "PAGERDUTY", "events.pagerduty.com"],
  [{ type: "slack", url: "https://hooks.slack.com/services/T/B/secret" }, "SLACK", "hooks.slack.com"],
  [
    { type: "slack", url: "https://hooks.slack.com/services/T/B/secret", channel: "#night" },
    "SLACK",
    "#night",
  ],
  [{ type: "webhook", url: "https://example.com/secret", secret: SECRET }, "WEBHOOK", "example.com"],
  [{ ...mail, smtp_url: "smtps://user:secret@mail.example.com" }, "EMAIL", "b@example.com"],
])("%o", (settings, kind, target) => {
  const receiver = createReceiver("night", ReceiverSettings.parse(settings), testDeps());
  expect(receiver).toMatchObject({ name: "night", kind, target });
});

test.each([
  ["an unknown type", { type: "pigeon" }],
  ["a setting that there is not", { type: "pagerduty", routing_key: "0123", severity: "error" }],
  ["no instance", { type: "alertmanager", urls: [] }],
  ["credentials in an address", { type: "alertmanager", urls: ["http://a:b@am-1:9093"] }],
  [
    "two ways to sign in",
    {
      type: "alertmanager",
      urls: ["http://am-1"],
      bearer: "x",
      basic_auth: { username: "a", password: "b" },
    },
  ],
  ["a key of two lines", { type: "pagerduty", routing_key: "a\nb" }],
  ["another protocol", { type: "slack", url: "ftp://example.com" }],
  ["a secret that is too short", { type: "webhook", url: "https://example.com", secret: "whsec_MTIz" }],
  ["a secret of another kind", { type: "webhook", url: "https://example.com", secret: SECRET.slice(6) }],
  ["no recipient", { ...mail, to: [] }],
  ["a recipient that is several", { ...mail, to: ["a@example.com, b@example.com"] }],
  ["a recipient that adds a field", { ...mail, to: ["a@example.com\r\nBcc: c@example.com"] }],
  ["a recipient without an end", { ...mail, to: ["Ops <a@example.com"] }],
  ["no host", { ...mail, smtp_url: "smtp://" }],
  ["a password that cannot be decoded", { ...mail, smtp_url: "smtp://a:%zz@mail.example.com" }],
  ["a password in the clear", { ...mail, smtp_url: "smtp://a:b@mail.example.com", starttls: "optional" }],
])("%s is refused", (_name, settings) => {
  expect(ReceiverSettings.safeParse(settings).success).toBe(false);
});
