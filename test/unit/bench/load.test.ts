import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { FLEET_DEFAULTS } from "../../../bench/fleet/fleet.ts";
import { postRequest } from "../../../bench/ingest/post-request.ts";
import { AgentPushes } from "../../../bench/load/agent-pushes.ts";
import type { Sent } from "../../../bench/load/generator-protocol.ts";
import type { Measured } from "../../../bench/load/measure.ts";
import { Client, type Due, nowMs, sendAll } from "../../../bench/load/open-loop.ts";
import { readOptions } from "../../../bench/load/options.ts";
import { heldOut } from "../../../bench/load/shapes/ramp.ts";
import { boundBy, generatorFault } from "../../../bench/load/verdict.ts";

/** A server that answers each request when `answer` has resolved. */
async function serve(answer: (count: number) => Promise<number>): Promise<number> {
  let count = 0;
  const server: Server = createServer(async (request, response) => {
    request.resume();
    const status = await answer(count++);
    response.writeHead(status, { "content-length": 2 }).end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const request = (port: number) => ({
  bytes: postRequest({ port, path: "/", token: null }, {}, Buffer.from("x")),
  bodyBytes: 1,
  snapshots: 1,
  samples: 150,
});

function dues(client: Client, port: number, count: number, everyMs: number): Due[] {
  const begin = nowMs() + 20;
  return Array.from({ length: count }, (_, place) => ({
    atMs: begin + place * everyMs,
    label: "pushes",
    client,
    request: request(port),
  }));
}

const isOk = ({ status }: { readonly status: number }) => status === 200;

test("a server that stands still is in the times of all that were due meanwhile, not of one alone", async () => {
  const STANDS_MS = 400;
  const port = await serve(async (count) => {
    if (count === 0) await new Promise((resolve) => setTimeout(resolve, STANDS_MS));
    return 200;
  });
  const { sent } = await sendAll(dues(new Client(port, isOk), port, 10, 20), 5_000);
  const pushes = sent.pushes;
  expect(pushes).toMatchObject({ requests: 10, samples: 1_500, unanswered: 0, again: 0 });
  // The first waited 400 ms, the last, due 180 ms later, still 220: a closed loop would have sent it afterwards.
  expect(pushes?.p50Ms).toBeGreaterThan(200);
  expect(pushes?.maxMs).toBeGreaterThan(STANDS_MS - 10);
});

test("what is told to come back is sent again, and one that is never answered counts with what it waited", async () => {
  const port = await serve(async (count) => (count === 0 ? 503 : 200));
  const again = await sendAll(dues(new Client(port, isOk), port, 1, 1), 5_000);
  expect(again.sent.pushes).toMatchObject({ requests: 1, again: 1, unanswered: 0 });

  const deaf = await serve(() => new Promise(() => undefined));
  const unheard = await sendAll(dues(new Client(deaf, isOk), deaf, 3, 1), 100);
  expect(unheard.sent.pushes).toMatchObject({ requests: 3, unanswered: 3, samples: 0 });
  expect(unheard.sent.pushes?.maxMs).toBeGreaterThan(90);
});

test("an answer that is none ends the run, and what was due before it began is left out", async () => {
  const port = await serve(async () => 404);
  await expect(sendAll(dues(new Client(port, isOk), port, 2, 1), 1_000)).rejects.toThrow(/pushes: 404 ok/);
  const [late] = dues(new Client(port, isOk), port, 1, 1);
  if (late === undefined) throw new Error("no due");
  const { own, sent } = await sendAll([{ ...late, atMs: nowMs() - 1 }], 0);
  expect([own.skipped, sent.pushes?.requests]).toEqual([1, 0]);
});

test("an agent's pushes follow each other by its interval, which may be changed, and a backlog is one push", () => {
  const startMs = Date.UTC(2026, 10, 26);
  const fleet = { ...FLEET_DEFAULTS, hosts: 1, startMs };
  const pushes = new AgentPushes(fleet, 0, { port: 1, path: "/v1/snapshots", token: "spw_x" });
  pushes.skipTo(startMs + 60_000);
  const first = pushes.at;
  expect(first).toBeGreaterThanOrEqual(startMs + 60_000);
  expect(first).toBeLessThan(startMs + 70_000);
  expect(pushes.next()).toMatchObject({ snapshots: 1, samples: 150 });
  expect(pushes.at).toBe(first + 10_000);
  pushes.everyMs = 5_000;
  expect(pushes.next(3)).toMatchObject({ snapshots: 3, samples: 450 });
  expect(pushes.at).toBe(first + 10_000 + 3 * 5_000);
});

const quiet: Measured = {
  ran: {
    seconds: 10,
    sent: {
      pushes: {
        requests: 10,
        snapshots: 10,
        samples: 1_500,
        bytes: 10_000,
        p50Ms: 10,
        p95Ms: 20,
        p99Ms: 30,
        maxMs: 40,
        again: 0,
        unanswered: 0,
      },
    },
    own: { cpuMs: 1_000, lateP99Ms: 2, loopP99Ms: 1, skipped: 0 },
  },
  seconds: 10,
  cpuS: { service: 5, worker: 2, Postgres: 3, Redis: 0.1 },
  peakMb: { service: 200, worker: 150, Postgres: 100, Redis: 10 },
  thread: { service: 0.4, worker: 0.2 },
  loopMs: { service: 12, worker: 30 },
  lag: { p50: 0, p95: 1, max: 3, settledMax: 3, marksMax: 10, backAfterS: 0 },
  commitMs: 4,
  listener: { queueMax: 0, overflows: 0 },
  machine: { load1: 1, othersCores: 0 },
};

function sentOf({ ran }: Measured): Sent {
  const { pushes } = ran.sent;
  if (pushes === undefined) throw new Error("no pushes");
  return pushes;
}

test("a step holds while lag, acks and answers are under an interval", () => {
  const withPushes = (more: object): Measured => ({
    ...quiet,
    ran: { ...quiet.ran, sent: { pushes: { ...sentOf(quiet), ...more } } },
  });
  expect(heldOut(quiet, 10_000)).toBe(true);
  expect(heldOut({ ...quiet, lag: { ...quiet.lag, max: 10 } }, 10_000)).toBe(false);
  expect(heldOut(withPushes({ p99Ms: 10_000 }), 10_000)).toBe(false);
  expect(heldOut(withPushes({ unanswered: 1 }), 10_000)).toBe(false);
});

test("what bounds a run is named, and a generator that was late says so", () => {
  expect(boundBy(quiet, 2)).toMatch(
    /^no core was full: service 0\.50, worker 0\.20, .*a commit took 4 ms .*late by 12 .* 30 ms/,
  );
  expect(boundBy({ ...quiet, thread: { service: 0.97, worker: 0.2 } }, 2)).toMatch(
    /^the one thread of the service/,
  );
  expect(boundBy({ ...quiet, machine: { load1: 9, othersCores: 0.8 } }, 2)).toMatch(/^the machine's 2 cores/);
  expect(generatorFault(quiet)).toBeNull();
  const own = { ...quiet.ran.own, lateP99Ms: 80 };
  expect(generatorFault({ ...quiet, ran: { ...quiet.ran, own } })).toBe(
    "sent 80 ms late at the 99th percentile",
  );
  const slow = { pushes: { ...sentOf(quiet), p99Ms: 5_000 } };
  expect(generatorFault({ ...quiet, ran: { ...quiet.ran, own, sent: slow } })).toBeNull();
  const busy = { ...quiet.ran.own, cpuMs: 9_500 };
  expect(generatorFault({ ...quiet, ran: { ...quiet.ran, own: busy } })).toMatch(/one core was full/);
});

test("options are checked by name, and figures that mean nothing are not written down", () => {
  expect(readOptions(["--help"])).toBeNull();
  expect(readOptions(["herd", "--hosts", "500"])).toMatchObject({ shapes: ["herd"], sizes: { hosts: 500 } });
  expect(readOptions(["--ramp", "10,2,40"])?.sizes.ramp).toMatchObject({ first: 10, factor: 2, most: 40 });
  expect(() => readOptions(["nonsense"])).toThrow("there is no shape nonsense");
  expect(() => readOptions(["--hosts", "0"])).toThrow("--hosts 0: give a number from 1");
  expect(() => readOptions(["--ramp", "10,1,40"])).toThrow("--ramp 10,1,40");
  expect(() => readOptions(["--tiny", "--write"])).toThrow(/mean nothing/);
});
