import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasOpenssl, makeCertificate, type TestCertificate } from "../../../support/certificates.ts";
import { sendBy } from "../../../support/receivers/deps.ts";
import {
  hostileNotification,
  incident,
  notification,
  notified,
  resolution,
} from "../../../support/receivers/notifications.ts";
import { type MailServer, startMailServer } from "../../../support/receivers/smtp.ts";

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
});
afterEach(async () => {
  await server.close();
  expect(server.faults).toEqual([]);
});

function settings(more = {}) {
  return {
    type: "email",
    smtp_url: `smtp://127.0.0.1:${server.port}`,
    from: "Spillway <spillway@example.com>",
    to: ["ops@example.com", "Night Watch <night@example.com>"],
    starttls: "optional",
    ...more,
  };
}

const last = () => server.mails.at(-1);
const field = (name: string) => last()?.head.find((line) => line.startsWith(`${name}: `));

test("an incident is a mail of text and HTML to all recipients", async () => {
  const outcome = await sendBy(settings());
  expect(outcome).toMatchObject({ delivered: true, status: 250 });
  expect(last()).toMatchObject({
    from: "spillway@example.com",
    to: ["ops@example.com", "night@example.com"],
  });
  expect(field("Subject")).toBe("Subject: [CRITICAL] Application accepts nothing on port 8080: web-1");
  expect(last()?.text).toContain("Content-Type: multipart/alternative");
});

test("an attempt has the name of its delivery, and all of a group are one thread", async () => {
  await sendBy(settings());
  const first = [field("Message-ID"), field("References"), field("In-Reply-To")];
  await sendBy(settings());
  expect([field("Message-ID"), field("References"), field("In-Reply-To")]).toEqual(first);
  await sendBy(settings(), resolution());
  expect(field("Message-ID")).not.toBe(first[0]);
  expect([field("References"), field("In-Reply-To")]).toEqual(first.slice(1));
});

test("with templates a mail is their text alone, under their subject", async () => {
  const template = {
    subject: "{{ severity }}\nBcc: x@example.com {{ incident.where }}",
    text: "<{{ incident.title }}>\n\n{{ text }}",
  };
  await sendBy(settings({ template }));
  expect(field("Subject")).toBe("Subject: CRITICAL Bcc: x@example.com web-1");
  expect(field("Bcc")).toBeUndefined();
  expect(field("Content-Type")).toMatch(/text\/plain/);
  expect(last()?.text).toContain("<Application accepts nothing on port 8080: web-1>");
  await sendBy(settings({ template: { subject: template.subject } }));
  expect(last()?.text).toContain("Content-Type: multipart/alternative");
});

test("a title cannot add a field or a recipient", async () => {
  const title = "a\r\nBcc: victim@example.com\r\n\r\nbody";
  await sendBy(settings(), notification({ incidents: [notified({ incident: incident({ title }) })] }));
  expect(field("Subject")).toBe("Subject: [CRITICAL] a Bcc: victim@example.com body");
  expect(last()?.to).toEqual(["ops@example.com", "night@example.com"]);
  expect(field("Bcc")).toBeUndefined();
});

test.each([
  [451, true],
  [550, false],
])("an answer of %i", async (code, retry) => {
  server.answerNext(code);
  expect(await sendBy(settings())).toMatchObject({ delivered: false, status: code, retry });
});

test("who of several is refused is named", async () => {
  server.refuse("night@example.com", 550);
  const outcome = await sendBy(settings());
  expect(outcome).toMatchObject({ delivered: true });
  expect(outcome.answer).toContain("refused for night@example.com");
});

test.each([
  ["for good", 550, false],
  ["for now", 450, true],
])("all refused, one of them %s", async (_name, code, retry) => {
  server.refuse("ops@example.com", 550);
  server.refuse("night@example.com", code);
  expect(await sendBy(settings())).toMatchObject({ delivered: false, retry });
});

test("no TLS where it is required is no mail", async () => {
  const outcome = await sendBy(settings({ starttls: "required" }));
  expect(outcome.delivered).toBe(false);
  expect(server.mails).toEqual([]);
});

test("nobody there is no answer, and may pass", async () => {
  expect(await sendBy(settings({ smtp_url: "smtp://127.0.0.1:9" }))).toMatchObject({
    delivered: false,
    status: null,
    retry: true,
  });
});

test("an address that is not allowed is not connected to", async () => {
  expect(await sendBy(settings({ smtp_url: "smtp://10.1.2.3:25" }))).toMatchObject({
    delivered: false,
    status: null,
    retry: false,
    answer: expect.stringContaining("10.1.2.3"),
  });
});

describe("a server that speaks no SMTP", () => {
  /** Sends to a server that does this with each connection, and tells when one is there and when it is gone. */
  async function sendTo(
    speak: (socket: Socket) => void,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ) {
    const odd = createServer((socket) => {
      connections.push(new Promise((resolve) => socket.once("close", resolve)));
      socket.on("error", () => undefined).resume();
      speak(socket);
    });
    const connections: Promise<unknown>[] = [];
    await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
    const { port } = odd.address() as AddressInfo;
    const told = notification();
    const outcome = await sendBy(settings({ smtp_url: `smtp://127.0.0.1:${port}` }), told, options);
    await Promise.all(connections);
    odd.close();
    return outcome;
  }

  function drip(socket: Socket, eachTime?: () => void): void {
    const drops = setInterval(() => socket.write("2", eachTime), 20);
    socket.once("close", () => clearInterval(drops));
  }

  test("and drips is left when the attempt is ended", async () => {
    const ended = new AbortController();
    const outcome = await sendTo((socket) => drip(socket, () => ended.abort()), { signal: ended.signal });
    expect(outcome).toMatchObject({ delivered: false, status: null, retry: true });
  });

  test("and drips is left when its time is over", async () => {
    const outcome = await sendTo((socket) => drip(socket), { timeoutMs: 300 });
    expect(outcome).toMatchObject({ delivered: false, retry: true, answer: "not done within 0.3 s" });
  });

  test("and sends a megabyte is left before it has", async () => {
    const outcome = await sendTo((socket) => socket.write("220-".padEnd(1_000_000, "x")));
    expect(outcome).toMatchObject({ delivered: false, status: null });
    expect(outcome.answer.length).toBeLessThan(1_000);
  });
});

test("whatever others have called things, the mail is one by the rules", async () => {
  await fc.assert(
    fc.asyncProperty(hostileNotification, async (told) => {
      expect(await sendBy(settings(), told)).toMatchObject({ delivered: true });
    }),
    { numRuns: 25 },
  );
});

describe.runIf(hasOpenssl)("over TLS (where openssl is installed)", () => {
  let folder: string;
  let certificate: TestCertificate;
  let secured: MailServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "spillway-mail-"));
    certificate = makeCertificate(folder, "mail", "DNS:localhost,IP:127.0.0.1");
  });
  afterEach(() => secured.close());
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ca = () => readFileSync(certificate.cert, "utf8");
  const tls = (scheme: string, more = {}) =>
    settings({
      smtp_url: `${scheme}://ops:geheim%40@127.0.0.1:${secured.port}`,
      starttls: "required",
      ...more,
    });

  test("STARTTLS before the password", async () => {
    secured = await startMailServer({ certificate, password: "geheim@" });
    expect(await sendBy(tls("smtp", { ca: ca() }))).toMatchObject({ delivered: true });
    expect(secured.mails).toMatchObject([{ secure: true, user: "ops" }]);
  });

  test("TLS from the start", async () => {
    secured = await startMailServer({ certificate, secure: true, password: "geheim@" });
    expect(await sendBy(tls("smtps", { ca: ca() }))).toMatchObject({ delivered: true });
    expect(secured.mails).toMatchObject([{ secure: true, user: "ops" }]);
  });

  test("a certificate of nobody who is trusted is refused", async () => {
    secured = await startMailServer({ certificate });
    expect(await sendBy(tls("smtp"))).toMatchObject({ delivered: false });
    expect(secured.mails).toEqual([]);
  });

  test("a wrong password is not tried again, and not shown", async () => {
    secured = await startMailServer({ certificate, password: "another" });
    const outcome = await sendBy(tls("smtp", { ca: ca() }));
    expect(outcome).toMatchObject({ delivered: false, status: 535, retry: false });
    expect(outcome.answer).not.toContain("geheim");
  });
});
