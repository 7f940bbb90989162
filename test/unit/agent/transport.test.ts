import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { AGENT_VERSION } from "../../../agent/version.ts";
import { body, connect } from "./support/connection.ts";
import { startService, stored, text } from "./support/service.ts";
import { until } from "./support/until.ts";

test("a push is a POST of JSON with the token and its length", async () => {
  const service = await startService(onTestFinished);
  const reply = await connect(service.url).send(body(1));
  expect(reply).toMatchObject({ kind: "status", status: 200 });
  const [push] = service.received;
  expect([push?.method, push?.path]).toEqual(["POST", "/v1/snapshots"]);
  expect(push?.headers).toMatchObject({
    authorization: "Bearer a-token",
    "content-type": "application/json",
    "content-length": String(push?.bytes),
    "user-agent": `spillway-agent/${AGENT_VERSION}`,
  });
  expect(push?.headers).not.toHaveProperty("content-encoding");
});

test.each([
  ["over 1 KiB", 20],
  ["of a whole backlog", 4_000],
])("a body %s is gzipped, and its length is that of what is sent", async (_case, count) => {
  const service = await startService(onTestFinished);
  await connect(service.url).send(body(count));
  const [push] = service.received;
  expect(push?.headers["content-encoding"]).toBe("gzip");
  expect(push?.headers["content-length"]).toBe(String(push?.bytes));
  expect(push?.bytes).toBeLessThan(body(count).length);
  expect(push?.snapshots).toHaveLength(count);
});

test("pushes share one kept-alive connection", async () => {
  const service = await startService(onTestFinished);
  const ports = new Set<number | undefined>();
  service.answer((received, response) => {
    ports.add(response.socket?.remotePort);
    stored(received, response);
  });
  const transport = connect(service.url);
  for (let i = 0; i < 3; i += 1) await transport.send(body(1));
  expect(ports.size).toBe(1);
});

test("a path of the server's address goes before that of the push", async () => {
  const service = await startService(onTestFinished);
  await connect(new URL("/spillway/", service.url)).send(body(1));
  expect(service.received[0]?.path).toBe("/spillway/v1/snapshots");
});

test("the token is read for each push", async () => {
  const service = await startService(onTestFinished);
  let token = "old";
  const transport = connect(service.url, 10_000, () => token);
  await transport.send(body(1));
  token = "new";
  await transport.send(body(1));
  expect(service.received.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new"]);
});

test("a redirect is not followed", async () => {
  const service = await startService(onTestFinished);
  const other = await startService(onTestFinished);
  service.answer(text("", 307, { location: `${other.url.href}v1/snapshots` }));
  expect(await connect(service.url).send(body(1))).toMatchObject({ kind: "status", status: 307 });
  expect(other.received).toEqual([]);
});

test("a service that does not answer fails after the time, with what was waited", async () => {
  const service = await startService(onTestFinished);
  service.answer(() => {});
  expect(await connect(service.url, 50).send(body(1))).toEqual({
    kind: "failed",
    reason: "no answer within 50 ms",
  });
});

test("a service that stops in the middle of its answer fails as well", async () => {
  const service = await startService(onTestFinished);
  service.answer((_received, response) => {
    response.writeHead(200, { "content-length": "1000" }).write("{", () => response.socket?.destroy());
  });
  expect(await connect(service.url).send(body(1))).toMatchObject({ kind: "failed" });
});

test("an answer without end is cut off", async () => {
  const service = await startService(onTestFinished);
  service.answer(text("x".repeat(5 * 1024 * 1024)));
  expect(await connect(service.url).send(body(1))).toEqual({
    kind: "failed",
    reason: "the answer is over 4194304 bytes",
  });
});

test("nobody there is told by its address", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await connect(new URL(`http://127.0.0.1:${port}`)).send(body(1))).toEqual({
    kind: "failed",
    reason: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test("an aborted push ends at once", async () => {
  const service = await startService(onTestFinished);
  service.answer(() => {});
  const aborter = new AbortController();
  const sending = connect(service.url).send(body(1), aborter.signal);
  await until("the service has the push", () => service.received.length === 1);
  aborter.abort();
  expect(await sending).toEqual({ kind: "failed", reason: "stopped" });
});

test("a kept-alive connection that the service closed is no failure: the push goes over a new one", async () => {
  const service = await startService(onTestFinished);
  const transport = connect(service.url);
  await transport.send(body(1));
  // The second push goes out on the old connection, which is then reset without an answer; the third is new.
  service.answer((_received, response) => response.socket?.resetAndDestroy(), stored);
  expect(await transport.send(body(1))).toMatchObject({ kind: "status", status: 200 });
  expect(service.received).toHaveLength(3);
});
