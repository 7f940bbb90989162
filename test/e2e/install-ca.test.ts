/** install.sh and the agent before a service whose certificate is of a company's own CA. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startAgent } from "../support/agent.ts";
import { hasOpenssl, makeCertificate } from "../support/certificates.ts";
import { suiteService } from "../support/own-database-service.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService({ env: { SPILLWAY_LISTEN: "0.0.0.0", SPILLWAY_INTERVAL: "500ms" } });
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
let folder: string;
/** The host's files, as install.sh sees them. */
let root: string;
let token: string;
let ca: string;
let url: string;

beforeAll(async () => {
  if (!hasOpenssl) return;
  token = await service.token("ingest");
  folder = await mkdtemp(join(tmpdir(), "spillway-ca-"));
  root = join(folder, "root");
  await mkdir(root);
  const files = makeCertificate(folder, "company", "DNS:localhost");
  ca = files.cert;
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  const proxy = createServer({ cert, key }, (socket) => {
    const behind = connect(Number(new URL(service.url).port), "127.0.0.1");
    pipeline(socket, behind, socket, () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  url = `https://localhost:${(proxy.address() as AddressInfo).port}`;
  return async () => {
    proxy.close();
    await rm(folder, { recursive: true, force: true });
  };
});

/** Runs the script on a host whose curl knows the CA, and waits: the proxy is in this process. @returns the unit */
async function install(env: Readonly<Record<string, string>> = {}, server = url): Promise<string> {
  const script = join(folder, "install.sh");
  await writeFile(script, await (await fetch(`${service.url}/install.sh`)).text());
  const args = [script, "--server", server, "--root", root, "--token", token, "--no-service"];
  // The machine that tests may need a CA of its own.
  const { NODE_EXTRA_CA_CERTS: _, ...own } = cleanEnvironment();
  await promisify(execFile)("sh", args, { env: { ...own, CURL_CA_BUNDLE: ca, ...env } });
  return readFile(join(root, "etc/systemd/system/spillway-agent.service"), "utf8");
}

describe.skipIf(!hasOpenssl)("a service whose certificate is of a company's own CA", () => {
  test("the agent is given the system's CAs, and takes them; without it says what is missing", async () => {
    expect(await install()).not.toContain("NODE_EXTRA_CA_CERTS");
    await mkdir(join(root, "etc/ssl/certs"), { recursive: true });
    await copyFile(ca, join(root, BUNDLE));
    expect(await install()).toContain(`\nEnvironment=NODE_EXTRA_CA_CERTS=${BUNDLE}\n`);

    const stateDir = join(folder, "state");
    const flags = ["--name", "of-the-company"];
    const without = startAgent({ server: url, stateDir, token, flags });
    onTestFinished(() => void without.process.kill("SIGKILL"));
    await waitFor("the remedy", async () =>
      without.output().includes("self-signed certificate: start the agent with NODE_EXTRA_CA_CERTS="),
    );
    await without.end("SIGTERM");
    const env = { NODE_EXTRA_CA_CERTS: join(root, BUNDLE) };
    const agent = startAgent({ server: url, stateDir, token, flags, env });
    onTestFinished(() => void agent.process.kill("SIGKILL"));
    await waitFor("the host", async () => {
      const { data } = await service.graphql(`{ host(name: "of-the-company") { status } }`);
      return data.host?.status === "REPORTING";
    });
  });

  test("a file that is named goes before, stays at the next upgrade, and must be where the unit can go", async () => {
    const named = "/etc/company.pem";
    expect(await install({ NODE_EXTRA_CA_CERTS: named })).toContain(`NODE_EXTRA_CA_CERTS=${named}\n`);
    await copyFile(ca, join(root, named));
    expect(await install()).toContain(`NODE_EXTRA_CA_CERTS=${named}\n`);
    await expect(install({ NODE_EXTRA_CA_CERTS: "/root/company.pem" })).rejects.toThrow(
      "NODE_EXTRA_CA_CERTS is /root/company.pem, where the unit cannot go",
    );
  });

  test("plain HTTP has no use for it", async () => {
    const unit = await install({ NODE_EXTRA_CA_CERTS: "/etc/company.pem" }, service.url);
    expect(unit).not.toContain("NODE_EXTRA_CA_CERTS");
  });
});
