/** Answers as a service, or whatever stands before it, may send them: in pieces, in chunks, broken and malicious. */
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { body, connect, LONG_ANSWER, listen } from "./support/connection.ts";
import { until } from "./support/until.ts";

/**
 * Answers each whole request with the next text, in the pieces that it is cut into; then the last for ever.
 *
 * @param closeFrom the first request, counted from 1, after whose answer the connection is closed.
 */
async function startRaw(
  answers: readonly (readonly string[])[],
  { closeFrom = Number.POSITIVE_INFINITY } = {},
): Promise<Raw> {
  const raw = { url: new URL("http://127.0.0.1"), connections: 0, requests: 0, sockets: [] as Socket[] };
  const serve = (socket: Socket) => {
    raw.connections += 1;
    raw.sockets.push(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    let got = "";
    socket.on("data", async (chunk) => {
      got += chunk.toString("latin1");
      const length = /content-length: ([0-9]+)/.exec(got)?.[1];
      if (length === undefined || got.length < got.indexOf("\r\n\r\n") + 4 + Number(length)) return;
      got = "";
      const pieces = answers[Math.min(raw.requests, answers.length - 1)] ?? [];
      raw.requests += 1;
      for (const piece of pieces) {
        socket.write(piece, "latin1");
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (raw.requests >= closeFrom) socket.end();
    });
  };
  raw.url = new URL(`http://127.0.0.1:${await listen(createServer(serve), raw.sockets)}`);
  return raw;
}

interface Raw {
  readonly url: URL;
  readonly connections: number;
  readonly requests: number;
  readonly sockets: readonly Socket[];
}

const bytes = (text: string) => [...text];
const CHUNKED_ANSWER =
  "HTTP/1.1 200 OK\r\nRetry-After: 7\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n002;x=y\r\nlo\r\n0\r\nX-After: 1\r\n\r\n";
const INTERIM_ANSWER = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${LONG_ANSWER}`;

test.each([
  ["with a length", [LONG_ANSWER]],
  ["with a length, byte by byte", bytes(LONG_ANSWER)],
  ["in chunks", [CHUNKED_ANSWER]],
  ["in chunks, byte by byte", bytes(CHUNKED_ANSWER)],
  ["after interim ones", [INTERIM_ANSWER]],
  ["after interim ones, byte by byte", bytes(INTERIM_ANSWER)],
])("an answer %s is read whole, and the connection is used again", async (_case, pieces) => {
  const raw = await startRaw([pieces]);
  const transport = connect(raw.url);
  for (let i = 0; i < 2; i += 1) {
    const reply = await transport.send(body(1));
    expect(reply).toMatchObject({ kind: "status", status: 200, text: "hello" });
    expect(reply.kind === "status" && reply.headers["retry-after"]).toBe("7");
  }
  expect([raw.connections, raw.requests]).toEqual([1, 2]);
});

test.each([
  ["HTTP/1.1 204 No Content\r\n\r\n", 204],
  ["HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n", 500],
])("an answer without a body is whole at its head: %j", async (answer, status) => {
  const raw = await startRaw([[answer]]);
  expect(await connect(raw.url).send(body(1))).toMatchObject({ kind: "status", status, text: "" });
});

test("an answer without a length ends with its connection, and the next push goes over a new one", async () => {
  const raw = await startRaw([["HTTP/1.0 200 OK\r\n\r\nhel", "lo"]], { closeFrom: 1 });
  const transport = connect(raw.url);
  for (let i = 0; i < 2; i += 1)
    expect(await transport.send(body(1))).toMatchObject({ kind: "status", text: "hello" });
  expect(raw.connections).toBe(2);
});

test.each([
  ["says that it will be closed", LONG_ANSWER.replace("\r\n", "\r\nConnection: x, Close\r\n")],
  ["sends more than its answer", `${LONG_ANSWER}HTTP/1.1 200 OK\r\n`],
])("a connection that %s is not used again", async (_case, answer) => {
  const raw = await startRaw([[answer]]);
  const transport = connect(raw.url);
  for (let i = 0; i < 2; i += 1)
    expect(await transport.send(body(1))).toMatchObject({ kind: "status", text: "hello" });
  expect(raw.connections).toBe(2);
});

test("what comes between two answers is not taken for the second", async () => {
  const raw = await startRaw([[LONG_ANSWER], [LONG_ANSWER.replace("hello", "world")]]);
  const transport = connect(raw.url);
  await transport.send(body(1));
  raw.sockets[0]?.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  await until("the connection is given up", () => raw.sockets[0]?.readableEnded === true);
  expect(await transport.send(body(1))).toMatchObject({ status: 200, text: "world" });
  expect(raw.connections).toBe(2);
});

const head = (headers: string) => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n`;
const CHUNKED = head("Transfer-Encoding: chunked");

test.each([
  ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP/1.1"],
  ["no status", "HTTP/1.1 OK\r\n\r\n", "the answer has no status"],
  ["another protocol", "HTTP/1.1 101 Switching\r\n\r\n", "the answer switches to another protocol"],
  ["a head without end", head(`X: ${"x".repeat(20_000)}`), "the head of the answer is over 16384 bytes"],
  [
    "interim answers without end",
    head("X: 1").replace("200", "100").repeat(2_000),
    "the head of the answer is over",
  ],
  ["a folded header", head("X: 1\r\n 2"), "the answer has a header that cannot be read"],
  ["a bare line feed", head("X: 1\nContent-Length: 2"), "the answer has a header that cannot be read"],
  ["a length that is none", head("Content-Length: +5"), "the answer has a length that is no number"],
  [
    "two lengths",
    head("Content-Length: 5\r\ncontent-length: 6"),
    "the answer has two headers content-length",
  ],
  ["a length and chunks", head("Content-Length: 5\r\nTransfer-Encoding: chunked"), "a length and chunks"],
  ["another coding", head("Transfer-Encoding: gzip, chunked"), "encoded in a way that was not asked for"],
  ["a length that is too large", head("Content-Length: 4194305"), "the answer is over 4194304 bytes"],
  ["a chunk that is too large", `${CHUNKED}ffffffff\r\n`, "the answer is over 4194304 bytes"],
  [
    "chunks too large together",
    CHUNKED + `100000\r\n${"x".repeat(0x10_0000)}\r\n`.repeat(5),
    "the answer is over",
  ],
  ["a chunk without size", `${CHUNKED}\r\n`, "a chunk of the answer has no size"],
  [
    "a size without end",
    `${CHUNKED}5;${"x".repeat(300)}`,
    "the size of a chunk of the answer is over 256 bytes",
  ],
  ["a chunk longer than its size", `${CHUNKED}2\r\nhello`, "a chunk of the answer is longer than its size"],
  ["trailers without end", `${CHUNKED}0\r\n${"X: 1\r\n".repeat(5_000)}`, "the head of the answer is over"],
])("an answer with %s is none", async (_case, answer, reason) => {
  const raw = await startRaw([[answer]]);
  expect(await connect(raw.url).send(body(1))).toEqual({
    kind: "failed",
    reason: expect.stringContaining(reason),
  });
});

test.each([
  ["its head", LONG_ANSWER.slice(0, 30)],
  ["its body", LONG_ANSWER.slice(0, -1)],
  ["its chunks", CHUNKED_ANSWER.slice(0, -2)],
])(
  "a connection closed within %s of an answer is a failure that is not tried again",
  async (_case, answer) => {
    const raw = await startRaw([[LONG_ANSWER], [answer]], { closeFrom: 2 });
    const transport = connect(raw.url);
    await transport.send(body(1));
    const reason = "the connection was closed before the answer was whole";
    expect(await transport.send(body(1))).toEqual({ kind: "failed", reason });
    expect(raw.requests).toBe(2);
  },
);

test("pushes made at once go one after another", async () => {
  const raw = await startRaw([bytes(LONG_ANSWER)]);
  const transport = connect(raw.url);
  const replies = await Promise.all([1, 2, 3].map((count) => transport.send(body(count))));
  expect(replies.map((reply) => reply.kind === "status" && reply.text)).toEqual(["hello", "hello", "hello"]);
  expect([raw.connections, raw.requests]).toEqual([1, 3]);
});

test("a token with a line break sends nothing", async () => {
  const raw = await startRaw([[LONG_ANSWER]]);
  const reply = await connect(raw.url, 10_000, () => "a\r\nx: y").send(body(1));
  expect(reply).toMatchObject({ kind: "failed", reason: expect.stringContaining("token") });
  expect(raw.connections).toBe(0);
});
