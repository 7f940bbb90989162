/** What a receiver is told in receivers.yml, by kind. Secrets have been read by then: they are plain values here. */
import { z } from "zod";
import { escapedMrkdwn } from "../message/slack.ts";
import { compileTemplate, type Escape, type Template, TemplateFault } from "../template/template.ts";

/** An address of the web. Credentials have fields of their own, since an address is shown. */
const address = z
  .url({ protocol: /^https?$/, error: "an address that begins with https:// or http://" })
  .refine((url) => !URL.canParse(url) || (new URL(url).username === "" && new URL(url).password === ""), {
    error: "an address without a name and a password in it",
  });

/** A value that goes into a header: one line. */
const headerText = z
  .string()
  .min(1)
  .regex(/^[\x21-\x7e]+$/, { error: "printable characters without spaces" });

/** `user@example.com`, or `Name <user@example.com>`. */
const mailbox = z
  .string()
  .max(320)
  .regex(/^(?:[^<>,;:"\p{Cc}]* <)?[^\s<>,;:"@\p{Cc}]+@[^\s<>,;:"@\p{Cc}]+>?$/u, {
    error: "an address such as ops@example.com, or Spillway <ops@example.com>",
  })
  .refine((text) => text.includes("<") === text.endsWith(">"), { error: "an angle bracket is missing" });

/** As Standard Webhooks have it: whsec_ and 24 to 64 random bytes. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, { error: "whsec_ and 24 to 64 random bytes in base64" })
  .refine(
    (secret) => {
      const { length } = Buffer.from(secret.slice("whsec_".length), "base64");
      return length >= 24 && length <= 64;
    },
    { error: "whsec_ and 24 to 64 random bytes in base64" },
  );

/**
 * A text of one's own. It is tried when the file is read; `within` of a fault's params is the part of the template at
 * fault.
 */
function template(escaping: Escape = (text) => text) {
  return z.string().transform((source, context): Template => {
    try {
      return compileTemplate(source, escaping);
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      const within = error.offset === null ? undefined : { text: source, offset: error.offset };
      context.addIssue({ code: "custom", message: error.message, params: { within } });
      return z.NEVER;
    }
  });
}

/** By what it takes the place of; the built-in text stands for what is left out. */
function templates<Name extends string>(names: readonly Name[], escaping?: Escape) {
  const shape = Object.fromEntries(names.map((name) => [name, template(escaping).optional()]));
  return z.strictObject(shape as Record<Name, z.ZodOptional<ReturnType<typeof template>>>).optional();
}

const alertmanager = z
  .strictObject({
    type: z.literal("alertmanager"),
    /** Of every instance of a cluster, none of a load balancer before them: they share silences, and no alerts. */
    urls: z.array(address).min(1).max(10),
    basic_auth: z
      .strictObject({ username: z.string().regex(/^[^:\p{Cc}]+$/u), password: z.string().min(1) })
      .optional(),
    bearer: headerText.optional(),
    /** Annotations of each alert, besides the built-in ones and in place of those that are called the same. */
    template: z
      .record(
        z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, { error: "not the name of an annotation" }),
        template(),
      )
      .optional(),
  })
  .refine(({ basic_auth, bearer }) => basic_auth === undefined || bearer === undefined, {
    error: "basic_auth or bearer, not both",
  });

const pagerduty = z.strictObject({
  type: z.literal("pagerduty"),
  /** The integration key of a service. */
  routing_key: headerText.max(100),
  url: address.default("https://events.pagerduty.com/v2/enqueue"),
  template: templates(["summary"]),
});

const slack = z.strictObject({
  type: z.literal("slack"),
  /** The whole address is the secret. */
  url: address,
  /** For webhooks that post to several channels. */
  channel: z.string().min(1).max(80).optional(),
  /** Mrkdwn: `text` for where blocks are not shown, `section` in place of all blocks. */
  template: templates(["text", "section"], escapedMrkdwn),
});

const webhook = z.strictObject({
  type: z.literal("webhook"),
  url: address,
  secret: webhookSecret,
  /** Still signed with, so that the far end may change to the new one when it likes. */
  previous_secrets: z.array(webhookSecret).max(5).default([]),
  /** A text beside the incidents. */
  template: templates(["message"]),
});

const SMTP_URL = "an address such as smtp://name:password@mail.example.com:587, specials as %40";

const email = z
  .strictObject({
    type: z.literal("email"),
    /** smtp:// begins in the clear and asks for TLS, smtps:// begins with TLS. */
    smtp_url: z
      .url({ protocol: /^smtps?$/, error: SMTP_URL })
      .refine((url) => !URL.canParse(url) || isWhole(url), { error: SMTP_URL }),
    from: mailbox,
    to: z.array(mailbox).min(1).max(50),
    /** What becomes of a mail whose server has no TLS, for smtp://. */
    starttls: z.enum(["required", "optional", "off"]).default("required"),
    /** Certificate of an authority of one's own, PEM. */
    ca: z.string().min(1).optional(),
    template: templates(["subject", "text"]),
  })
  .refine(({ smtp_url, starttls }) => starttls === "required" || isSafe(smtp_url), {
    error: "starttls must be required: a name and a password are not sent in the clear",
    path: ["starttls"],
  });

/** Whether it names a host, and its name and password can be decoded. */
function isWhole(url: string): boolean {
  const { hostname, username, password } = new URL(url);
  try {
    return hostname !== "" && decodeURIComponent(username + password) !== null;
  } catch {
    return false;
  }
}

function isSafe(url: string): boolean {
  return !URL.canParse(url) || url.startsWith("smtps:") || new URL(url).username === "";
}

export const ReceiverSettings = z.discriminatedUnion("type", [
  alertmanager,
  pagerduty,
  slack,
  webhook,
  email,
]);
export type ReceiverSettings = z.infer<typeof ReceiverSettings>;

export type SettingsOf<Type extends ReceiverSettings["type"]> = Extract<ReceiverSettings, { type: Type }>;
