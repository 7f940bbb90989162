import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { SpillwayError } from "../../../src/errors.ts";
import { answerUpgrades } from "../../../src/http/upgrades.ts";
import { hasOpenssl, makeCertificate } from "../../support/certificates.ts";

const cleanUp: (() => void)[] = [];
/** Plain, and over TLS where openssl is installed. */
const ways = hasOpenssl ? [false, true] : [false];

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "spillway-tls-"));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const { cert, key } = makeCertificate(folder, "localhost", "DNS:localhost");
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

afterEach(() => {
  for (const one of cleanUp.splice(0)) one();
});

/** What a server answers to these bytes, until it closes. */
async function talk(tls: boolean, ...lines: string[]): Promise<string> {
  const server = tls ? createHttps(certificate()) : createHttp();
  server.on("request", async (request, response) => {
    response.setHeader("Connection", "close").end(`${request.method} ${request.url} ${await text(request)}`);
  });
  answerUpgrades(server, ({ url }) =>
    url === "/taken"
      ? async (_request, stream) => void stream.end("taken")
      : url === "/full"
        ? () => Promise.reject(new SpillwayError("UNAVAILABLE", "too many"))
        : url === "/often"
          ? () => Promise.reject(new SpillwayError("RATE_LIMITED", "too often"))
          : null,
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanUp.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const socket = tls
    ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    : connect(port, "127.0.0.1");
  await once(socket, tls ? "secureConnect" : "connect");
  socket.write(lines.join("\r\n"));
  return text(socket);
}

const WEBSOCKET = ["Host: x", "Connection: Upgrade", "Upgrade: WebSocket", "", ""];

test.for(ways)("WebSockets go where they are wanted (TLS: %s)", async (tls) => {
  expect(await talk(tls, "GET /taken HTTP/1.1", ...WEBSOCKET)).toBe("taken");
  expect(await talk(tls, "GET /full HTTP/1.1", ...WEBSOCKET)).toMatch(
    /^HTTP\/1\.1 503 Service Unavailable\r\n/,
  );
  expect(await talk(tls, "GET /often HTTP/1.1", ...WEBSOCKET)).toMatch(/^HTTP\/1\.1 429 /);
  expect(await talk(tls, "GET /other HTTP/1.1", ...WEBSOCKET)).toMatch(/^HTTP\/1\.1 404 /);
});

test.for(ways)("another protocol is not gone on in (TLS: %s)", async (tls) => {
  const upgrade = [
    "Host: x",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABk",
  ];
  const answer = await talk(tls, "POST /taken?a=b HTTP/1.1", ...upgrade, "Content-Length: 5", "", "12345");
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain("POST /taken?a=b 12345");
});
