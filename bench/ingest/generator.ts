/**
 * The load generator: a process of its own, so that what it costs is not the servers'. It encodes requests
 * first and then sends them, one at a time over each connection.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { obeyParent } from "../support/child.ts";
import { percentile } from "../support/percentile.ts";
import { type Answer, Connection } from "./connection.ts";
import type { Command, Prepared, Sent, StreamOptions } from "./generator-protocol.ts";
import { Group, type Request } from "./stream.ts";

interface Lane {
  readonly group: Group;
  readonly connection: Connection;
  queue: Request[];
}

interface Stream {
  readonly options: StreamOptions;
  readonly lanes: readonly Lane[];
}

const CLOSE_MS = 50;
const ATTEMPTS = 30;
/** Lanes that send at once at most: more open their connections one after another, as a fleet does over an interval. */
const LANES_AT_ONCE = 500;
const BACKOFF_MS = 1_000;

const streams = new Map<string, Stream>();

function open(options: StreamOptions): void {
  const { fleet, hostsPerRequest, port } = options;
  const lanes: Lane[] = [];
  for (let first = 0; first < fleet.hosts; first += hostsPerRequest) {
    const count = Math.min(hostsPerRequest, fleet.hosts - first);
    const indexes = Array.from({ length: count }, (_, place) => first + place);
    lanes.push({ group: new Group(options, indexes), connection: new Connection(port), queue: [] });
  }
  streams.set(options.name, { options, lanes });
}

function prepare({ lanes }: Stream, steps: number): Prepared {
  const sum = { requests: 0, snapshots: 0, samples: 0, bytes: 0 };
  for (const lane of lanes) {
    lane.queue = Array.from({ length: steps }, () => lane.group.next()).flat();
    for (const { snapshots, samples, bodyBytes } of lane.queue) {
      sum.requests++;
      sum.snapshots += snapshots;
      sum.samples += samples;
      sum.bytes += bodyBytes;
    }
  }
  return sum;
}

class Tally {
  readonly latencies: number[] = [];
  readonly late: number[] = [];
  snapshots = 0;
  samples = 0;
  readonly #since = performance.now();

  sent(): Sent {
    return {
      requests: this.latencies.length,
      snapshots: this.snapshots,
      samples: this.samples,
      seconds: (performance.now() - this.#since) / 1_000,
      p50Ms: percentile(this.latencies, 0.5),
      p99Ms: percentile(this.latencies, 0.99),
      lateP99Ms: percentile(this.late, 0.99),
    };
  }
}

async function send(stream: Stream): Promise<Sent> {
  // While requests were encoded nothing was read: connections that were closed meanwhile are noticed first.
  await sleep(CLOSE_MS);
  const tally = new Tally();
  const lanes = stream.lanes.values();
  await Promise.all(
    Array.from({ length: LANES_AT_ONCE }, async () => {
      for (const lane of lanes) {
        for (const request of lane.queue) await exchange(stream, lane, request, tally);
        lane.queue = [];
      }
    }),
  );
  return tally.sent();
}

/** Each lane sends at the moment at which its hosts read their counters; the stream's time is real time here. */
async function pace(stream: Stream, seconds: number): Promise<Sent> {
  const tally = new Tally();
  const end = Date.now() + seconds * 1_000;
  await Promise.all(
    stream.lanes.map(async (lane) => {
      // Intervals that have passed since the stream was opened are nobody's any more.
      while (lane.group.at < Date.now()) lane.group.skip();
      while (lane.group.at < end) {
        const due = lane.group.at;
        await sleep(due - Date.now());
        const requests = lane.group.next();
        tally.late.push(Date.now() - due);
        for (const request of requests) await exchange(stream, lane, request, tally);
      }
    }),
  );
  return tally.sent();
}

async function exchange({ options }: Stream, lane: Lane, request: Request, tally: Tally): Promise<void> {
  const since = performance.now();
  let answer = await sendKept(lane, request);
  // "Come back": as agents do, and the time that it takes counts.
  for (let attempt = 0; attempt < ATTEMPTS && (answer.status === 503 || answer.status === 429); attempt++) {
    await sleep(BACKOFF_MS * (1 + Math.random()));
    answer = await sendKept(lane, request);
  }
  const { status, body } = answer;
  tally.latencies.push(performance.now() - since);
  tally.snapshots += request.snapshots;
  tally.samples += request.samples;
  // What was not taken is not measured: a server that refuses is quick.
  const taken = options.form === "push" ? status === 200 && allKept(body, request.snapshots) : status === 204;
  if (!taken) throw new Error(`${options.name}: ${status} ${body.slice(0, 300)}`);
}

/** Once more where the connection was closed meanwhile: servers end those that were idle for long. */
function sendKept({ connection }: Lane, { bytes }: Request): Promise<Answer> {
  return connection.send(bytes).catch(() => connection.send(bytes));
}

/** A snapshot whose first answer was lost is a duplicate. */
function allKept(body: string, snapshots: number): boolean {
  return (body.match(/"status":"(?:stored|duplicate)"/g)?.length ?? 0) === snapshots;
}

async function obey(command: Command): Promise<unknown> {
  if (command.do === "open") return open(command.stream);
  const stream = streams.get(command.stream);
  if (stream === undefined) throw new Error(`no stream "${command.stream}"`);
  switch (command.do) {
    case "prepare":
      return prepare(stream, command.steps);
    case "send":
      return send(stream);
    case "pace":
      return pace(stream, command.seconds);
  }
}

obeyParent(obey);
