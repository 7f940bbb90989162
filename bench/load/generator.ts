/**
 * The load generator: a process of its own. It encodes all requests before the run in which they are sent, for
 * encoding costs more than sending, and would be late on a machine that the service has filled.
 */
import type { Answer } from "../ingest/connection.ts";
import type { Request } from "../ingest/stream.ts";
import { obeyParent } from "../support/child.ts";
import { AgentPushes } from "./agent-pushes.ts";
import type { Command, Part, Ran } from "./generator-protocol.ts";
import { Client, type Due, nowMs, sendAll } from "./open-loop.ts";

interface Agent {
  readonly pushes: AgentPushes;
  readonly client: Client;
}

interface Asking {
  readonly request: Request;
  readonly client: Client;
}

/** Over what encoding is expected to take, by how long it took before. */
const SPARE = 1.5;
const SPARE_MS = 1_500;

const agents = new Map<string, Agent[]>();
const readers = new Map<string, Asking[]>();
let planned: Due[] = [];
/** What one interval takes to encode; learned. */
let encodeMs = 0.4;

function addAgents({ name, fleet, target, hosts }: Extract<Command, { do: "agents" }>): void {
  const all = agents.get(name) ?? [];
  for (let index = all.length; index < hosts; index++) {
    all.push({ pushes: new AgentPushes(fleet, index, target), client: new Client(target.port, allKept) });
  }
  agents.set(name, all);
}

/** A snapshot whose first answer was lost is a duplicate. */
function allKept({ status, body }: Answer, { snapshots }: Request): boolean {
  return status === 200 && (body.match(/"status":"(?:stored|duplicate)"/g)?.length ?? 0) === snapshots;
}

function addReaders({ name, port, requests }: Extract<Command, { do: "readers" }>): void {
  readers.set(
    name,
    requests.map((text) => ({
      request: { bytes: Buffer.from(text), bodyBytes: 0, snapshots: 0, samples: 0 },
      client: new Client(port, ({ status, body }) => status === 200 && !body.startsWith('{"errors":')),
    })),
  );
}

function plan(parts: readonly Part[]): number {
  const count = parts.reduce((sum, part) => sum + countOf(part), 0);
  const since = nowMs();
  const begin = since + count * encodeMs * SPARE + SPARE_MS;
  planned = parts.flatMap((part) => duesOf(part, begin));
  if (count > 0) encodeMs = (nowMs() - since) / count;
  return begin;
}

/** Intervals to encode. */
function countOf(part: Part): number {
  if (part.kind === "asking") return 0;
  return part.kind === "burst"
    ? (known(agents, part.of).length - part.from) * part.intervals
    : (part.hosts * part.forMs) / part.everyMs;
}

function duesOf(part: Part, begin: number): Due[] {
  const { label } = part;
  switch (part.kind) {
    case "paced":
      return known(agents, part.of)
        .slice(0, part.hosts)
        .flatMap(({ pushes, client }) => {
          pushes.everyMs = part.everyMs;
          pushes.skipTo(begin);
          const dues: Due[] = [];
          while (pushes.at < begin + part.forMs) {
            dues.push({ atMs: pushes.at, label, client, request: pushes.next() });
          }
          return dues;
        });
    case "burst":
      return known(agents, part.of)
        .slice(part.from)
        .map(({ pushes, client }, index) => ({
          atMs: begin + spread(index) * part.withinMs,
          label,
          client,
          request: pushes.next(part.intervals),
        }));
    case "asking":
      return known(readers, part.of).flatMap(({ request, client }, index) => {
        const dues: Due[] = [];
        const first = spread(Math.floor(index / part.together)) * part.everyMs;
        for (let at = first; at < part.forMs; at += part.everyMs) {
          dues.push({ atMs: begin + at, label, client, request });
        }
        return dues;
      });
  }
}

/** From 0 to 1, evenly, also of the first few. */
function spread(index: number): number {
  return (index * GOLDEN_RATIO) % 1;
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

function known<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw new Error(`there is nobody by the name "${name}"`);
  return one;
}

async function run(drainMs: number): Promise<Ran> {
  const dues = planned;
  planned = [];
  return sendAll(dues, drainMs);
}

obeyParent((command: Command) => {
  switch (command.do) {
    case "agents":
      return addAgents(command);
    case "readers":
      return addReaders(command);
    case "disconnect":
      for (const { client } of known(agents, command.name)) client.disconnect();
      return null;
    case "plan":
      return plan(command.parts);
    case "run":
      return run(command.drainMs);
  }
});
