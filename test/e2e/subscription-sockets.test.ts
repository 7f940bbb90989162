import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { redeemSignInLink } from "../../src/store/sessions.ts";
import { hashSecret } from "../../src/store/tokens.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { startService, withStore } from "../support/service.ts";
import { init, type RawSocket, rawSocket, type Subscribed, subscribe } from "../support/subscriptions.ts";
import { waitFor } from "../support/wait.ts";

const TREND = 'subscription { trend(counter: "ListenOverflows") { start values } }';
const OVERFLOWS =
  'subscription { trend(counter: "ListenOverflows", measure: INCREASE) { counter labels start step values total } }';

const service = suiteService({ env: { SPILLWAY_RATE_LIMIT_STRANGER: "0" } });
let reader: string;

beforeAll(async () => {
  reader = await service.token("read");
});

async function opened(token = reader): Promise<RawSocket> {
  const socket = await rawSocket(service);
  socket.send(init(token));
  await socket.got("connection_ack");
  return socket;
}

function ask(query: string, id = "1") {
  return { type: "subscribe", id, payload: { query } };
}

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(pattern.exec(text)?.[1] ?? 0);
}

async function signedIn(): Promise<string> {
  const code = /sign-in\?code=(\S+)/.exec(service.output())?.[1] ?? "";
  const secret = await withStore(service.databaseUrl, ({ db }) =>
    redeemSignInLink(db, code, { address: "127.0.0.1", now: Date.now() }),
  );
  return `spillway_session=${secret}`;
}

describe("who is let in", () => {
  test("a token in the connection's parameters, or as a header", async () => {
    (await opened()).socket.close();
    const socket = await rawSocket(service, { authorization: `Bearer ${reader}` });
    socket.send(init());
    await socket.got("connection_ack");
    socket.socket.close();
  });

  test("no token, or one that does not hold, is closed with 4401; one without the scope with 4403", async () => {
    const ingest = await service.token("ingest");
    for (const [message, code] of [
      [init(), 4401],
      [init("spw_unknown"), 4401],
      [{ type: "connection_init", payload: { authorization: 7 } }, 4401],
      [init(ingest), 4403],
      [ask(TREND), 4401],
    ] as const) {
      const socket = await rawSocket(service);
      socket.send(message);
      expect(await socket.closed(), JSON.stringify(message)).toMatchObject({ code });
    }
  });

  test("who does not say who it is is closed with 4408", async () => {
    const socket = await rawSocket(service);
    expect(await socket.closed()).toMatchObject({ code: 4408 });
  });

  test("a session's cookie counts from pages of the service alone", async () => {
    const cookie = await signedIn();
    for (const [origin, code] of [
      [service.url, null],
      ["https://elsewhere.example", 4403],
      [undefined, null],
    ] as const) {
      const socket = await rawSocket(service, { cookie, ...(origin === undefined ? {} : { origin }) });
      socket.send(init());
      if (code === null) await socket.got("connection_ack");
      else expect(await socket.closed(), String(origin)).toMatchObject({ code });
      socket.socket.close();
    }
  });

  test("a token that is revoked closes its sockets with 4401, and those of no other", async () => {
    const [gone, stays] = [await opened(await service.token("read")), await opened()];
    await withStore(service.databaseUrl, ({ db }) =>
      db.token.updateMany({
        where: { scopes: { equals: ["read"] }, hash: { not: hashSecret(reader) } },
        data: { revokedAt: new Date() },
      }),
    );
    expect(await gone.closed()).toMatchObject({ code: 4401 });
    stays.send(ask(TREND));
    await stays.got("next");
    stays.socket.close();
  });

  test("a token that is revoked closes its sockets also where strangers have come too often", async () => {
    const env = { SPILLWAY_RATE_LIMIT_STRANGER: "5" };
    const second = await startService({ databaseUrl: service.databaseUrl, role: "serve", env });
    const token = await service.token("read");
    const socket = await rawSocket(second);
    socket.send(init(token));
    await socket.got("connection_ack");
    await waitFor("strangers to come too often", async () => {
      return (await fetch(`${second.url}/v1/counters`)).status === 429;
    });
    await withStore(service.databaseUrl, ({ db }) =>
      db.token.updateMany({ where: { hash: hashSecret(token) }, data: { revokedAt: new Date() } }),
    );
    expect(await socket.closed()).toMatchObject({ code: 4401 });
    await second.stop();
  });

  test("a browser that signs out closes its sockets with 4401", async () => {
    const token = await service.token("read");
    const form = new URLSearchParams({ token });
    const signIn = await fetch(`${service.url}/sign-in`, { method: "POST", body: form, redirect: "manual" });
    const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const socket = await rawSocket(service, { cookie, origin: service.url });
    socket.send(init());
    await socket.got("connection_ack");
    await fetch(`${service.url}/sign-out`, { method: "POST", headers: { cookie }, redirect: "manual" });
    expect(await socket.closed()).toMatchObject({ code: 4401 });
  });

  test("a token has at most 100 sockets", async () => {
    const token = await service.token("read");
    // Known by its header: of those who are not, few are let in at a time.
    const known = async () => {
      const socket = await rawSocket(service, { authorization: `Bearer ${token}` });
      socket.send(init());
      await socket.got("connection_ack");
      return socket;
    };
    const sockets = await Promise.all(Array.from({ length: 100 }, known));
    for (const [authorization, cookie] of [
      [`Bearer ${token}`, "a=1"],
      [`bearer   ${token}`, "spillway_session=invented"],
    ] as const) {
      const oneMore = await rawSocket(service, { cookie });
      oneMore.send({ type: "connection_init", payload: { authorization } });
      expect(await oneMore.closed()).toMatchObject({ code: 4429 });
    }
    sockets.pop()?.socket.close();
    await waitFor("a place to be free", async () => {
      const next = await rawSocket(service);
      next.send(init(token));
      const answered = await Promise.race([next.got("connection_ack"), next.closed()]);
      if ("type" in answered) sockets.push(next);
      return "type" in answered;
    });
    for (const { socket } of sockets) socket.close();
  });
});

describe("what a client says", () => {
  test("out of turn is closed with the protocol's codes", async () => {
    const invalid = await opened();
    invalid.send("no JSON");
    expect(await invalid.closed()).toMatchObject({ code: 4400 });
    const unknown = await opened();
    unknown.send({ type: "dance" });
    expect(await unknown.closed()).toMatchObject({ code: 4400 });
    const twice = await opened();
    twice.send(init(reader));
    expect(await twice.closed()).toMatchObject({ code: 4429 });
    const same = await opened();
    same.send(ask(TREND));
    same.send(ask(TREND));
    expect(await same.closed()).toMatchObject({ code: 4409 });
    const other = await rawSocket(service, {}, "graphql-ws").catch((error: Error) => error.message);
    expect(other).toMatch(/subprotocol/i);
    const long = await opened();
    long.send(ask("x".repeat(100_001)));
    expect(await long.closed()).toMatchObject({ code: 1009 });
    const hasty = await opened();
    for (let count = 0; count < 600; count++) hasty.send({ type: "ping" });
    expect(await hasty.closed()).toMatchObject({ code: 1008 });
  });

  test("and may not be answered gets an error, and the socket stays", async () => {
    const socket = await opened();
    const refusals: [string, string, RegExp][] = [
      ["GRAPHQL_PARSE_FAILED", "subscription {", /Expected Name/],
      ["GRAPHQL_PARSE_FAILED", `subscription { ${"a ".repeat(3_000)} }`, /token/i],
      ["GRAPHQL_VALIDATION_FAILED", "subscription { nothing }", /Cannot query field/],
      ["BAD_REQUEST", "{ fleet { hostCount } }", /query goes to POST/],
      [
        "BAD_REQUEST",
        'mutation { setHostLabels(host: "host_x", labels: {}) { id } }',
        /mutation goes to POST/,
      ],
      ["NOT_FOUND", 'subscription { trend(counter: "NoSuchThing") { start } }', /no counter "NoSuchThing"/],
      [
        "BAD_REQUEST",
        'subscription { trend(counter: "ListenDrops", measure: LAST) { start } }',
        /not a gauge/,
      ],
      [
        "BAD_REQUEST",
        'subscription { trend(counter: "ListenDrops", step: "90s") { start } }',
        /cuts minutes/,
      ],
      [
        "LIMIT_EXCEEDED",
        'subscription { trend(counter: "ListenDrops", step: "2h") { start } }',
        /at most 1h/,
      ],
      [
        "BAD_REQUEST",
        'subscription { trend(counter: "ListenDrops", filter: {labels: [{name: "a", op: RE, value: "("}]}) { start } }',
        /regular expression/,
      ],
      ["BAD_USER_INPUT", "subscription ($c: String!) { trend(counter: $c) { start } }", /\$c/],
    ];
    for (const [index, [code, query, text]] of refusals.entries()) {
      socket.send(ask(query, `refused ${index}`));
      const { payload } = await waitFor(`an answer to ${query.slice(0, 80)}`, () =>
        socket.received.find(
          ({ id, type }) => id === `refused ${index}` && (type === "error" || type === "next"),
        ),
      );
      const [error] = Array.isArray(payload) ? payload : (payload as { errors: unknown[] }).errors;
      expect(error).toMatchObject({ message: expect.stringMatching(text), extensions: { code } });
    }
    for (let count = 0; count < 51; count++) socket.send(ask(TREND, `many ${count}`));
    const refused = await waitFor("one too many", () =>
      socket.received.find(({ id, type }) => type === "error" && String(id).startsWith("many")),
    );
    expect(refused).toMatchObject({ id: "many 50", payload: [{ extensions: { code: "LIMIT_EXCEEDED" } }] });
    socket.send({ type: "complete", id: "many 0" });
    socket.send(ask(TREND, "in its place"));
    const answer = await waitFor("an answer", () => socket.received.find(({ id }) => id === "in its place"));
    expect(answer.type).toBe("next");
    socket.socket.close();
  });

  test("by POST is no subscription", async () => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${reader}` },
      body: JSON.stringify({ query: TREND }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("WebSocket");
  });
});

test("what is ended before it has begun is not left running, though its id is taken again", async () => {
  const socket = await opened();
  const AFFECTED = 'subscription { trend(counter: "ListenOverflows", measure: AFFECTED) { unit } }';
  for (let times = 0; times < 10; times++) {
    socket.send(ask(TREND));
    socket.send({ type: "complete", id: "1" });
  }
  socket.send(ask(AFFECTED));
  // One of those that were ended may have been answered before it was.
  await waitFor("what is asked for at last", () =>
    socket.received.some((message) =>
      isDeepStrictEqual(message, {
        id: "1",
        type: "next",
        payload: { data: { trend: [{ unit: "hosts" }] } },
      }),
    ),
  );
  await waitFor(
    "one subscription to be open",
    async () => (await metric(/^spillway_live_subscriptions (\d+)/m)) === 1,
  );
  socket.socket.close();
  await waitFor(
    "no subscription to be open",
    async () => (await metric(/^spillway_live_subscriptions (\d+)/m)) === 0,
  );
});

test("a trend is told as it grows, to all who ask", async () => {
  const host = new TestHost({ name: "web-1" });
  const start = Date.now() - 30_000;
  await service.pushed(
    push(host.section([host.snapshot(start, [1, 0, 0]), host.snapshot(start + 10_000, [1, 0, 0])])),
  );
  const subscribers: Subscribed[] = [];
  for (let count = 0; count < 50; count++) {
    const one = subscribe(service, reader, OVERFLOWS);
    subscribers.push(one);
    await one.message("a first message", () => true);
  }
  await service.pushed(push(host.section([host.snapshot(start + 20_000, [1, 5, 5])])));
  for (const one of subscribers) {
    const { data } = await one.message("the overflow", (message) => message.data.trend[0].values.includes(5));
    expect(data.trend).toMatchObject([
      { counter: "TcpExtListenOverflows", labels: {}, step: "1m", total: null },
    ]);
    one.close();
  }
  await waitFor("all to have gone", async () => (await metric(/^spillway_live_subscriptions (\d+)/m)) === 0);
});

test("who does not read is dropped with 1013, and nothing gathers for him", async () => {
  const slow = await opened();
  slow.socket.pause();
  const payload = { filler: "x".repeat(90_000) };
  for (let count = 0; count < 400; count++) slow.send({ type: "ping", payload });
  await waitFor("it to be dropped", async () =>
    metric(/spillway_live_sockets_closed_total\{code="1013"\} (\d+)/),
  );
  slow.socket.terminate();
});
