/** A mail server on loopback that holds what comes to the rules of SMTP and of messages. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import type { TestCertificate } from "../certificates.ts";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Whether it came over TLS, and under which name the server was asked for. */
  readonly secure: boolean;
  readonly servername: string | null;
  /** Name and password, where the sender has signed in. */
  readonly user: string | null;
  /** Lines of the head, unfolded. */
  readonly head: readonly string[];
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly Mail[];
  readonly faults: readonly string[];
  /** Refuses a recipient so. */
  refuse(recipient: string, code: number): void;
  /** Answers the next message so. */
  answerNext(code: number): void;
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** None: a server without TLS. */
  readonly certificate?: TestCertificate;
  /** TLS from the start. */
  readonly secure?: boolean;
  readonly password?: string;
}

export async function startMailServer({
  certificate,
  secure = false,
  password,
}: MailServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = [];
  const faults: string[] = [];
  const refused = new Map<string, number>();
  const planned: number[] = [];
  const server = new SMTPServer({
    secure,
    ...(certificate === undefined
      ? { hideSTARTTLS: true }
      : { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }),
    authOptional: password === undefined,
    onAuth: ({ username, password: given }, _session, callback) => {
      if (given === password) callback(null, { user: username ?? "" });
      else callback(fault(535));
    },
    onRcptTo: ({ address }, _session, callback) => {
      const code = refused.get(address);
      callback(code === undefined ? null : fault(code));
    },
    onData: async (stream, session, callback) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString("utf8");
      faults.push(...faultsOf(text));
      const { envelope, servername } = session as typeof session & { readonly servername?: string | false };
      mails.push({
        from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
        to: envelope.rcptTo.map(({ address }) => address),
        secure: session.secure,
        servername: servername || null,
        user: typeof session.user === "string" ? session.user : null,
        head: headOf(text),
        text,
      });
      const code = planned.shift();
      callback(code === undefined ? null : fault(code));
    },
  });
  // A client that gives up in the middle is a test's intention.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    faults,
    refuse: (recipient, code) => refused.set(recipient, code),
    answerNext: (code) => planned.push(code),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function fault(responseCode: number): Error {
  return Object.assign(new Error(`refused with ${responseCode}`), { responseCode });
}

const HEAD = [
  "From",
  "To",
  "Subject",
  "Message-ID",
  "In-Reply-To",
  "References",
  "Date",
  "MIME-Version",
  "Content-Type",
];

function headOf(text: string): string[] {
  const [head = ""] = text.split("\r\n\r\n");
  return head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
}

/** RFC 5322: each field once, in ASCII, in lines of at most 998 characters; plain text, alone or with HTML. */
function faultsOf(text: string): string[] {
  const lines = text.split("\r\n");
  const head = headOf(text);
  const names = head.map((line) => line.split(":")[0] ?? "");
  return [
    ...HEAD.filter((name) => names.filter((one) => one === name).length !== 1).map(
      (name) => `not one ${name}`,
    ),
    ...head.filter((line) => !/^[A-Za-z-]+: [\x20-\x7e]*$/.test(line)).map((line) => `not a field: ${line}`),
    ...(lines.some((line) => line.length > 998) ? ["a line is too long"] : []),
    ...(/[^\r]\n/.test(text) ? ["a line ends without a carriage return"] : []),
    ...(text.includes("Content-Type: multipart/alternative")
      ? ["text/plain", "text/html"]
      : ["text/plain"]
    ).filter((type) => !text.includes(`Content-Type: ${type}`)),
  ];
}
