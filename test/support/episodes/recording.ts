/**
 * Recordings of episodes: what the real agent pushed while the kernel lived through one, with the truth about it.
 * They stand in for the kernel where namespaces are not allowed. `npm run episodes:record` makes them anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HostSection, Push, WireListeners, WireSnapshot } from "../../../src/protocol/message.ts";
import type { Clients, Episode, Truth } from "./episode.ts";
import type { MadeEpisode } from "./make-episode.ts";

/** The first line of a recording. */
export interface RecordedTruth extends Truth {
  readonly name: string;
  readonly title: string;
  readonly everyMs: number;
  readonly clients: Clients;
}

export interface Recording {
  readonly truth: RecordedTruth;
  /** As the agent sent them, but for who it is: identity and times are the same in every recording. */
  readonly pushes: readonly Push[];
}

/** Where the times of every recording begin, and how long its host was up by then. */
const FIRST_AT = Date.UTC(2026, 0, 1);
const FIRST_UPTIME_MS = 3_600_000;
const ANYBODY = {
  id: "00000000-0000-4000-8000-000000000000",
  key: "A".repeat(43),
  boot: "00000000-0000-4000-8000-000000000001",
};

/** One line for the truth, one for each push. */
export function recordingOf({ name, title, truth }: Episode, { pushes, clients }: MadeEpisode): Recording {
  const first = pushes[0]?.hosts[0]?.snapshots[0];
  if (first === undefined) throw new Error(`cannot record ${name}: its agent sent no snapshot`);
  const shift = { at: FIRST_AT - first.at, uptime: FIRST_UPTIME_MS - first.uptimeMs };
  return {
    truth: { name, title, ...truth, everyMs: first.everyMs, clients },
    pushes: pushes.map(({ protocol, agent, hosts }) => ({
      protocol,
      agent: { version: agent.version, clock: agent.clock + shift.at },
      hosts: hosts.map((section) => nobodysSection(section, name, shift)),
    })),
  };
}

export function writeRecording({ truth, pushes }: Recording): void {
  const lines = [truth, ...pushes].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(pathOf(truth.name), lines.join(""));
}

/** @throws Error when there is none of that name */
export function readRecording(name: string): Recording {
  const [truth, ...pushes] = readFileSync(pathOf(name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { truth, pushes };
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/episodes/${name}.jsonl`, import.meta.url));
}

interface Shift {
  readonly at: number;
  readonly uptime: number;
}

/** Without what belongs to the machine that it was recorded on, and what the service has no use for. */
function nobodysSection(section: HostSection, name: string, shift: Shift): HostSection {
  const { epoch, layouts, capabilities, snapshots } = section;
  return {
    id: ANYBODY.id,
    key: ANYBODY.key,
    name,
    epoch: { ...epoch, boot: ANYBODY.boot, kernel: /^\d+\.\d+\.\d+/.exec(epoch.kernel)?.[0] ?? epoch.kernel },
    ...(layouts === undefined ? {} : { layouts }),
    // Those of a host are meant, and this was one in a box.
    ...(capabilities === undefined
      ? {}
      : { capabilities: capabilities.filter((one) => one.name !== "root") }),
    snapshots: snapshots.map((snapshot) => nobodysSnapshot(snapshot, shift)),
  };
}

function nobodysSnapshot({ at, uptimeMs, listeners, ...rest }: WireSnapshot, shift: Shift): WireSnapshot {
  return {
    at: at + shift.at,
    uptimeMs: uptimeMs + shift.uptime,
    ...rest,
    ...(listeners === undefined ? {} : { listeners: nobodysListeners(listeners) }),
  };
}

function nobodysListeners(listeners: WireListeners): WireListeners {
  return { ...listeners, sockets: listeners.sockets.map(({ cgroup, ...socket }) => socket) };
}
