/** Every recording shows the signature of its episode, so that one that went wrong is noticed. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { layoutHash } from "../../src/protocol/layout.ts";
import { EPISODES, episodeNamed } from "../support/episodes/catalog.ts";
import { readSegment, synPacket } from "../support/episodes/packets.ts";
import { createLoss } from "../support/episodes/path.ts";
import { readRecording } from "../support/episodes/recording.ts";
import { replayEpisode } from "../support/episodes/replay.ts";
import { increasesOver, misfits } from "../support/episodes/signature.ts";

const FOLDER = new URL("../fixtures/episodes/", import.meta.url);
const NAMES = EPISODES.map(({ name }) => name);
const sectionsOf = (name: string) => readRecording(name).pushes.flatMap(({ hosts }) => hosts);

describe("each episode", () => {
  test("has a recording, and each recording an episode", () => {
    const recordings = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));
    expect(recordings.sort()).toEqual(NAMES.map((name) => `${name}.jsonl`).sort());
  });

  test.each(NAMES)("%s: the recording shows its signature and its truth", (name) => {
    const episode = episodeNamed(name);
    const { truth } = readRecording(name);
    expect(truth).toMatchObject({ name, title: episode.title, ...episode.truth });
    expect(truth.everyMs).toBe(episode.everyMs ?? 1_000);
    expect(misfits(episode, sectionsOf(name), truth.clients)).toEqual([]);
  });

  test.each(NAMES)("%s: the recording is small, and of no machine", (name) => {
    const text = readFileSync(new URL(`${name}.jsonl`, FOLDER), "utf8");
    expect(text.length).toBeLessThan(60_000);
    expect(text).not.toMatch(/machineId|cgroup|hostname|"labels"/);
    expect(new Set(text.match(/"kernel":"[^"]*"/g))).toHaveLength(1);
    expect(text).toMatch(/"kernel":"\d+\.\d+\.\d+"/);
  });

  test.each(NAMES)("%s: the recording begins calm, with the whole list of what listens", (name) => {
    const [first, second] = sectionsOf(name);
    const [{ at = 0, listeners } = {}, later] = [first?.snapshots[0], second?.snapshots[0]];
    const complete = [listeners, later?.listeners].find((list) => list !== undefined);
    const { apps = [], truth } = episodeNamed(name);
    const listening = apps.filter(({ side }) => side !== "peer").map(({ port }) => port);
    expect(at).toBe(Date.UTC(2026, 0, 1));
    expect(complete?.complete ?? true).toBe(true);
    expect(complete?.sockets.map(({ port }) => port).sort()).toEqual(listening.sort());
    expect(complete?.sockets.every(({ acceptQueue, drops }) => acceptQueue === 0 && drops === 0)).toBe(true);
    if (truth.listener !== null) expect(listening).toContain(truth.listener);
  });
});

describe("a signature", () => {
  test.each(NAMES.filter((name) => name !== "quiet"))("a quiet host does not show that of %s", (name) => {
    expect(misfits(episodeNamed(name), sectionsOf("quiet"), { attempted: 60, lost: 0 })).not.toEqual([]);
  });

  test("says what does not fit, counters and clients", () => {
    const wrong = misfits(episodeNamed("application-stopped"), sectionsOf("quiet"), {
      attempted: 9,
      lost: 3,
    });
    expect(wrong).toContain("TcpPassiveOpens is 60, not within 6 to 6");
    expect(wrong.at(-1)).toMatch(/^clients lost \(3 of 9\) is 0\.333/);
  });

  test("that names a counter which the kernel lacks does not fit", () => {
    const episode = { ...episodeNamed("quiet"), signature: { TcpNonsense: [0, 0] as const } };
    expect(misfits(episode, sectionsOf("quiet"), { attempted: 60, lost: 0 })).toHaveLength(1);
  });
});

describe("a replay", () => {
  const snapshotsOf = (sections: ReturnType<typeof replayEpisode>) =>
    sections.flatMap(({ snapshots }) => snapshots);

  test("ends now, and its counts are those of the recording", () => {
    const before = Date.now();
    const sections = replayEpisode("syn-flood");
    const lastAt = snapshotsOf(sections).at(-1)?.at ?? 0;
    expect(lastAt).toBeGreaterThanOrEqual(before);
    expect(lastAt).toBeLessThanOrEqual(Date.now());
    expect(increasesOver(sections)).toEqual(increasesOver(sectionsOf("syn-flood")));
  });

  test("goes at the pace asked for, by both clocks", () => {
    const startAt = Date.UTC(2026, 5, 1);
    const snapshots = snapshotsOf(replayEpisode("syn-flood", { startAt, everyMs: 10_000 }));
    const recorded = sectionsOf("syn-flood").flatMap((section) => section.snapshots);
    const since = (list: typeof snapshots, of: "at" | "uptimeMs") =>
      list.map((one) => one[of] - (list[0]?.[of] ?? 0));
    expect(snapshots[0]?.at).toBe(startAt);
    expect(since(snapshots, "at")).toEqual(since(recorded, "at").map((ms) => ms * 10));
    expect(since(snapshots, "uptimeMs")).toEqual(since(snapshots, "at"));
    expect(new Set(snapshots.map(({ everyMs }) => everyMs))).toEqual(new Set([10_000]));
  });

  test("is of another host by another name, and of the same by the same", () => {
    const startAt = Date.UTC(2026, 5, 1);
    const [a, again, b] = ["a", "a", "b"].map((host) => replayEpisode("quiet", { host, startAt }));
    expect(again).toEqual(a);
    expect(b?.[0]?.id).not.toBe(a?.[0]?.id);
    expect(b?.[0]?.key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(b?.[0]?.epoch.boot).not.toBe(a?.[0]?.epoch.boot);
  });

  test("names its layout as the protocol does", () => {
    for (const [hash, names] of Object.entries(replayEpisode("quiet")[0]?.layouts ?? {})) {
      expect(layoutHash(names)).toBe(hash);
    }
  });
});

describe("packets", () => {
  const SYN = { source: "198.18.0.1", sourcePort: 1_024, destination: "10.77.0.1", port: 8080, sequence: 7 };

  test("a SYN that was written is read as one, and its checksum is right", () => {
    const packet = synPacket(SYN);
    expect(readSegment(packet)).toEqual({ syn: true, pureAck: false });
    // RFC 1071: over a segment with its checksum in it, the sum is all ones.
    const words = [...packet.subarray(12, 20), 0, 6, 0, 20, ...packet.subarray(20)];
    let sum = 0;
    for (let at = 0; at < words.length; at += 2) sum += (words[at] ?? 0) * 256 + (words[at + 1] ?? 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
  });

  test.each([
    ["an empty one", Buffer.alloc(0)],
    ["one of IPv6", Buffer.alloc(60, 0x60)],
    ["one of UDP", Buffer.from([0x45, ...Array(8).fill(0), 17, ...Array(30).fill(0)])],
    ["one that is cut off", synPacket(SYN).subarray(0, 30)],
  ])("%s is no segment", (_name, packet) => {
    expect(readSegment(packet)).toBeNull();
  });

  const ack = () => {
    const packet = synPacket(SYN);
    packet.writeUInt8(16, 33);
    return packet;
  };

  test.each([
    ["every packet", { what: "packets", share: 0.2 }, synPacket(SYN), [20, 20]],
    ["SYNs", { what: "syns", share: 0.2 }, synPacket(SYN), [20, 20]],
    ["no SYN of what loses ACKs", { what: "acks", share: 0.2 }, synPacket(SYN), [0, 0]],
    ["ACKs of the peer", { what: "acks", share: 0.2 }, ack(), [0, 20]],
    ["no ACK of what loses SYNs", { what: "syns", share: 0.2 }, ack(), [0, 0]],
    ["nothing", undefined, synPacket(SYN), [0, 0]],
  ] as const)("a path loses an exact share of %s, each way", (_name, loses, packet, expected) => {
    const isLost = createLoss(loses);
    const lost = [0, 0];
    for (let sent = 0; sent < 100; sent += 1) {
      if (isLost(packet, false)) lost[0] = (lost[0] ?? 0) + 1;
      if (isLost(packet, true)) lost[1] = (lost[1] ?? 0) + 1;
    }
    expect(lost).toEqual(expected);
  });
});
