import type { Socket } from "node:net";
import { createServer } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { body, connect, LONG_ANSWER, listen } from "./support/connection.ts";

/** Of this test alone; it opens nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRFyitOQY20TKqv6r
g9D6rDKAsRPGfhqknNCmwJ3N/0uhRANCAARIDz9l/DaqCTP68KNb5mfW7YPF/x4l
ahXrGpy8yTZwFzrPPKPBqUXnc1JkjQWbUkeqF472Kwy2+NHGEz3MrQX6
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUMEG1OFz7bmBzwcL5S318TgpctowwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE0MTU0NVoYDzIxMjYxMDI5
MTQxNTQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARIDz9l/DaqCTP68KNb5mfW7YPF/x4lahXrGpy8yTZwFzrPPKPBqUXn
c1JkjQWbUkeqF472Kwy2+NHGEz3MrQX6o2kwZzAdBgNVHQ4EFgQUadwd3IpcHT2P
MruF82HswV1qeMEwHwYDVR0jBBgwFoAUadwd3IpcHT2PMruF82HswV1qeMEwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAIK3wIvKI9QLEHCISuKvXhpmFd6r55/s3RLPY9LwWhlnAiEAjI21rrua
jAxqsVGoLZe7zUKJUQADpOqQFqfhjEGLlso=
-----END CERTIFICATE-----`;

async function startTls(): Promise<{
  readonly url: URL;
  readonly seen: string[];
  readonly reused: boolean[];
}> {
  const seen: string[] = [];
  const reused: boolean[] = [];
  const sockets: Socket[] = [];
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
    sockets.push(socket);
    reused.push(socket.isSessionReused());
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      seen.push(chunk.toString("latin1"));
      socket.end(LONG_ANSWER.replace("\r\n", "\r\nConnection: close\r\n"));
    });
  });
  server.on("tlsClientError", () => {});
  return { url: new URL(`https://localhost:${await listen(server, sockets)}`), seen, reused };
}

test("a certificate that nobody vouches for is refused with what to do, and the token is not sent", async () => {
  const { url, seen } = await startTls();
  const reason = "self-signed certificate: start the agent with NODE_EXTRA_CA_CERTS=<file of your CA>";
  expect(await connect(url).send(body(1))).toEqual({ kind: "failed", reason });
  expect(seen).toEqual([]);
});

test("pushes go over TLS, the next connection with the session of the last", async () => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { url, seen, reused } = await startTls();
  const transport = connect(url);
  for (let i = 0; i < 2; i += 1)
    expect(await transport.send(body(1))).toMatchObject({ status: 200, text: "hello" });
  expect(seen[0]).toMatch(/^POST \/v1\/snapshots HTTP\/1\.1\r\nhost: localhost:[0-9]+\r\n/);
  expect(reused).toEqual([false, true]);
});
