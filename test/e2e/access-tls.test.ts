/** The service with a certificate of its own, and no proxy before it. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasOpenssl, makeCertificate, type TestCertificate } from "../support/certificates.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let folder: string;
let first: TestCertificate;
let second: TestCertificate;

beforeAll(async () => {
  if (!hasOpenssl) return;
  folder = await mkdtemp(join(tmpdir(), "spillway-tls-"));
  // As root the database is another user, who must be able to pass.
  await chmod(folder, 0o711);
  first = makeCertificate(folder, "first", "DNS:*.example.net,DNS:localhost,IP:127.0.0.1");
  second = makeCertificate(folder, "second", "DNS:localhost");
});

afterAll(async () => {
  if (hasOpenssl) await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function get(url: string, ca: string): Promise<Answer> {
  const agent = new Agent({ ca: await readFile(ca), keepAlive: false });
  const asked = request(url, { agent }).end();
  const [response] = await once(asked, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** The serial number of the certificate that a port shows now. */
function serialAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    }).on("error", reject);
  });
}

function serialOf({ cert }: TestCertificate): string {
  return execFileSync("openssl", ["x509", "-in", cert, "-noout", "-serial"], { encoding: "utf8" })
    .trim()
    .replace("serial=", "");
}

describe.skipIf(!hasOpenssl)("TLS", () => {
  test("serves https by its certificate's name, to its own agent too, and takes another at SIGHUP", async () => {
    const live = { cert: join(folder, "live.crt"), key: join(folder, "live.key") };
    const install = async (one: TestCertificate) => {
      await copyFile(one.cert, live.cert);
      await copyFile(one.key, live.key);
    };
    await install(first);
    const dataDir = join(folder, "data");
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...cleanEnvironment(),
        SPILLWAY_DATA_DIR: dataDir,
        SPILLWAY_PORT: "0",
        SPILLWAY_INTERVAL: "500ms",
        SPILLWAY_TLS_CERT: live.cert,
        SPILLWAY_TLS_KEY: live.key,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const ended = once(child, "exit");
    try {
      const address = await waitFor("the service", () => /Address +(\S+)/.exec(output)?.[1], {
        timeoutMs: 60_000,
      });
      expect(address).toMatch(/^https:\/\/localhost:\d+$/);
      const port = Number(new URL(address).port);
      expect(await get(`${address}/healthz`, first.cert)).toMatchObject({
        status: 200,
        headers: { "strict-transport-security": expect.stringContaining("max-age=") },
      });

      const link = /Sign in +(\S+)/.exec(output)?.[1] ?? "";
      const signedIn = await get(link, first.cert);
      expect([signedIn.status, signedIn.headers["set-cookie"]?.[0]]).toEqual([
        303,
        expect.stringMatching(/HttpOnly; Secure; SameSite=Lax$/),
      ]);
      const curl = /^curl .*$/m.exec(output)?.[0] ?? "";
      await waitFor("the agent of this host to have pushed", async () => {
        const { stdout } = await promisify(execFile)("sh", ["-c", curl]);
        return JSON.parse(stdout).data.fleet.reportingCount === 1;
      });

      // A plain HTTP client is not answered, and harms nobody.
      await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();

      // For the alert that asks for a new one in time.
      const metrics = await get(`${address}/metrics`, first.cert);
      const ends = /^spillway_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(metrics.body)?.[1];
      const { validTo } = new X509Certificate(await readFile(first.cert));
      expect(Number(ends) * 1_000).toBe(Date.parse(validTo));

      expect(await serialAt(port)).toBe(serialOf(first));
      await install(second);
      child.kill("SIGHUP");
      await waitFor("the new certificate", async () => (await serialAt(port)) === serialOf(second));
      await copyFile(first.key, live.key);
      child.kill("SIGHUP");
      await waitFor("the fault to be said", () =>
        /the key of .* does not belong to the certificate/.test(output),
      );
      expect(await serialAt(port)).toBe(serialOf(second));
      expect(output).toContain("the certificate is not taken; the one before it holds");
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  });

  test("what is wrong with the files is told at the start, and by check-config", async () => {
    const garbage = join(folder, "garbage.pem");
    await writeFile(garbage, "-----BEGIN NOTHING-----\n");
    const check = (env: Record<string, string>) =>
      promisify(execFile)(process.execPath, [MAIN, "check-config"], {
        env: { ...cleanEnvironment(), SPILLWAY_DATA_DIR: folder, ...env },
      }).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => stderr,
      );
    const both = (cert: string, key: string) => check({ SPILLWAY_TLS_CERT: cert, SPILLWAY_TLS_KEY: key });
    expect(await both(first.cert, first.key)).toContain("the configuration is good");
    expect(await both("/nowhere.crt", first.key)).toContain(
      "SPILLWAY_TLS_CERT: cannot read /nowhere.crt: there is no such file",
    );
    expect(await both(garbage, first.key)).toContain(`SPILLWAY_TLS_CERT: ${garbage} holds no certificate`);
    expect(await both(first.cert, garbage)).toContain(`SPILLWAY_TLS_KEY: ${garbage} holds no private key`);
    expect(await both(first.cert, second.key)).toContain("does not belong to the certificate of");
    expect(await check({ SPILLWAY_TLS_CERT: first.cert })).toContain("set both, or neither");
  });
});
