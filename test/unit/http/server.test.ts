import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { closeServer, createHttpServer, listen } from "../../../src/http/server.ts";

const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const one of cleanUp.splice(0)) await one();
});

const TIMES = {
  headersTimeout: 200,
  requestTimeout: 400,
  timeout: 1_500,
  connectionsCheckingInterval: 50,
};

/** A server that answers once it has the whole body, with limits that a test can wait for. */
async function serve(times = TIMES): Promise<number> {
  const { server, route } = createHttpServer({ tls: null, times });
  route(
    { "/v1/snapshots": (request, response) => request.resume().once("end", () => response.end("pushed")) },
    (_request, response) => response.write("never ended"),
  );
  const { port } = await listen(server, "127.0.0.1", 0);
  cleanUp.push(() => closeServer(server, 0));
  return port;
}

/** What a raw connection is answered until it is closed. */
function talk(port: number, speak: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => speak(socket));
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => undefined).on("close", () => resolve(answer));
  });
}

/** Sends a byte now and then, for as long as anybody listens. */
function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), 20);
  socket.once("close", () => clearInterval(timer));
}

test("headers that come drop by drop are answered 408", async () => {
  const port = await serve();
  const answer = await talk(port, (socket) => {
    socket.write("POST /v1/snapshots HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    drip(socket, "a");
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("a body that comes drop by drop is answered 408", async () => {
  const port = await serve();
  const answer = await talk(port, (socket) => {
    socket.write("POST /v1/snapshots HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    drip(socket, "a");
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("a connection that says nothing is closed", async () => {
  const port = await serve();
  expect(await talk(port, () => undefined)).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

test("an answer over which nothing moves any more is cut", async () => {
  const port = await serve();
  const answer = await talk(port, (socket) => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  expect(answer).toContain("never ended");
});

test("headers of more than 16 KiB are answered 431, and two that disagree on the length 400", async () => {
  const port = await serve();
  const ask = (headers: string) =>
    talk(port, (socket) => socket.write(`POST /v1/snapshots HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`));
  expect(await ask(`X-Long: ${"a".repeat(17_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await ask("Content-Length: 1\r\nTransfer-Encoding: chunked")).toMatch(/^HTTP\/1\.1 400 /);
  expect(await ask("Content-Length: 0\r\nConnection: close")).toMatch(/^HTTP\/1\.1 200 [\s\S]*pushed$/);
});
