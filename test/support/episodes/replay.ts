import { createHash } from "node:crypto";
import type { HostSection, WireSnapshot } from "../../../src/protocol/message.ts";
import { readRecording } from "./recording.ts";

export interface ReplayOptions {
  /** Time of its first snapshot, ms since 1970; where not said, its last one is of now. */
  readonly startAt?: number;
  /**
   * Time between its snapshots: the recording is stretched or shortened to it, so that the counts stay and the
   * rates change. Where not said, it goes as fast as it did.
   */
  readonly everyMs?: number;
  /** Name of the host that it happens to, which has an identity of its own; the episode's where not said. */
  readonly host?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** How long the host was up when the recording begins. */
const UPTIME_MS = 3_600_000;

/**
 * A recorded episode as a host would push it, one section for each push that was recorded: for detection on a real
 * service where no namespace may be made. The same host and times give the same sections, so that it may be sent
 * again; other hosts are other hosts.
 *
 * Counters start at a baseline (a later epoch of the boot), so that what the service tells of the host are the
 * increases of the recording.
 */
export function replayEpisode(name: string, options: ReplayOptions = {}): HostSection[] {
  const { truth, pushes } = readRecording(name);
  const sections = pushes.flatMap(({ hosts }) => hosts);
  const times = sections.flatMap(({ snapshots }) => snapshots.map(({ at }) => at));
  const [firstAt = 0, lastAt = 0] = [times[0], times.at(-1)];
  const everyMs = options.everyMs ?? truth.everyMs;
  const stretch = everyMs / truth.everyMs;
  const startAt = options.startAt ?? Date.now() - Math.round((lastAt - firstAt) * stretch);
  const host = options.host ?? name;
  const moved = (snapshot: WireSnapshot): WireSnapshot => {
    const sinceMs = Math.round((snapshot.at - firstAt) * stretch);
    return { ...snapshot, at: startAt + sinceMs, uptimeMs: UPTIME_MS + sinceMs, everyMs };
  };
  return sections.map((section) => ({
    ...section,
    id: uuidOf(`host ${host}`),
    key: createHash("sha256").update(`key ${host}`).digest("base64url"),
    name: host,
    labels: options.labels ?? {},
    epoch: { ...section.epoch, boot: uuidOf(`boot ${host}`), number: 1 },
    snapshots: section.snapshots.map(moved),
  }));
}

function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
