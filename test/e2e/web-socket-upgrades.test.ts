/** Requests for another protocol: who gets a WebSocket, and what becomes of the others and of their connections. */
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { startService } from "../support/service.ts";
import { init, rawSocket } from "../support/subscriptions.ts";
import { waitFor } from "../support/wait.ts";

const TREND = 'subscription { trend(counter: "ListenOverflows") { start values } }';

const service = suiteService({
  env: { SPILLWAY_RATE_LIMIT_STRANGER: "0", SPILLWAY_TRUSTED_PROXIES: "127.0.0.1" },
});
let reader: string;

beforeAll(async () => {
  reader = await service.token("read");
});

describe("the HTTP server", () => {
  test("has WebSockets at /graphql alone", async () => {
    const socketUrl = service.url.replace(/^http/, "ws");
    const elsewhere = { ...service, url: `${socketUrl}/other` };
    await expect(rawSocket(elsewhere)).rejects.toThrow(/404/);
  });

  test("outlives connections that break while they are refused", async () => {
    const { hostname, port } = new URL(service.url);
    for (const path of ["/other", "/graphql"]) {
      for (let count = 0; count < 20; count++) {
        const socket = connect(Number(port), hostname);
        socket.on("error", () => undefined);
        await once(socket, "connect");
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
        socket.resetAndDestroy();
      }
    }
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });

  test("lets 200 strangers in at a time, ten of one network, and whom it knows past them", async () => {
    const known = { authorization: `Bearer ${reader}` };
    const from = (network: number) =>
      rawSocket(service, { "x-forwarded-for": `2001:db8:0:${network}::${network}` });
    const ten = (network: number) => Promise.all(Array.from({ length: 10 }, () => from(network)));
    const sockets = await ten(1);
    await expect(from(1)).rejects.toThrow(/503/);
    // At once: who says nothing is let go after five seconds.
    const others = Array.from({ length: 19 }, (_, index) => ten(index + 2));
    sockets.push(...(await Promise.all(others)).flat());
    await expect(from(21)).rejects.toThrow(/503/);
    const reading = await rawSocket(service, { ...known, "x-forwarded-for": "2001:db8:0:1::1" });
    reading.send(init());
    await reading.got("connection_ack");
    for (const { socket } of [...sockets, reading]) socket.terminate();
    await waitFor("a place to be free", async () => {
      (await from(1)).socket.terminate();
      return true;
    });
  });

  test("counts who shows nothing as it does over HTTP", async () => {
    const env = { SPILLWAY_RATE_LIMIT_STRANGER: "3", SPILLWAY_TRUSTED_PROXIES: "127.0.0.1" };
    const second = await startService({ databaseUrl: service.databaseUrl, role: "serve", env });
    const from = { "x-forwarded-for": "192.0.2.1" };
    for (let times = 0; times < 3; times++) (await rawSocket(second, from)).socket.terminate();
    await expect(rawSocket(second, from)).rejects.toThrow(/429/);
    expect((await fetch(`${second.url}/v1/counters`, { headers: from })).status).toBe(429);
    (await rawSocket(second, { "x-forwarded-for": "192.0.2.2" })).socket.terminate();
    await second.stop();
  });

  test("answers in HTTP/1.1 who would like to go on in another protocol", async () => {
    const body = JSON.stringify({ query: "{ fleet { hostCount } }" });
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const sent = request(
        `${service.url}/graphql`,
        {
          method: "POST",
          headers: {
            connection: "Upgrade, HTTP2-Settings",
            upgrade: "h2c",
            "http2-settings": "AAEAAEAAAAIAAAAA",
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            authorization: `Bearer ${reader}`,
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (more: string) => {
            text += more;
          });
          response.on("end", () => resolve({ status: response.statusCode, text }));
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ data: { fleet: { hostCount: expect.any(Number) } } });
  });

  test("tells its clients to go when it stops", async () => {
    const second = await startService({ databaseUrl: service.databaseUrl, role: "serve" });
    const socket = await rawSocket(second);
    socket.send(init(reader));
    await socket.got("connection_ack");
    socket.send({ type: "subscribe", id: "1", payload: { query: TREND } });
    const [closed, code] = await Promise.all([socket.closed(), second.stop()]);
    expect([closed.code, code]).toEqual([1001, 0]);
  });

  test("does not wait for one that has said goodbye and does not hang up", async () => {
    const second = await startService({ databaseUrl: service.databaseUrl, role: "serve" });
    const { hostname, port } = new URL(second.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    let heard = Buffer.alloc(0);
    socket.on("data", (more) => {
      heard = Buffer.concat([heard, more]);
    });
    const head = [
      "GET /graphql HTTP/1.1",
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      "Sec-WebSocket-Protocol: graphql-transport-ws",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await waitFor("the upgrade", () => heard.includes("\r\n\r\n"));
    const upgraded = heard.length;
    // A Close frame with the code 1000, under a mask of zeros.
    socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
    await waitFor("its answer", () => heard.length > upgraded);
    expect(await second.stop()).toBe(0);
    expect(second.output()).not.toContain("cannot stop");
  });
});
