import { gzipSync } from "node:zlib";
import { DIAGNOSIS_COUNTERS } from "../../agent/namespaces/diagnosis-counters.ts";
import { layoutHash } from "../../src/protocol/layout.ts";
import { ChurningHost, type ContainerReading } from "../fleet/churn.ts";
import { COUNTERS } from "../fleet/counters.ts";
import { SimulatedHost } from "../fleet/fleet.ts";
import { pushBody, SectionWriter, snapshotText } from "../fleet/push.ts";
import { SeriesWriter, writeRequest } from "../peers/remote-write.ts";
import type { StreamOptions } from "./generator-protocol.ts";
import { postRequest } from "./post-request.ts";

/** The level that the agent compresses with. */
export const GZIP_LEVEL = 1;
const LAYOUT = layoutHash(COUNTERS);
const CONTAINER_LAYOUT = layoutHash(DIAGNOSIS_COUNTERS);
/** A remote write holds so many series at most: what Prometheus sends by default. */
const SERIES_PER_WRITE = 2_000;

export interface Request {
  /** Head and body. */
  readonly bytes: Buffer;
  readonly bodyBytes: number;
  readonly snapshots: number;
  readonly samples: number;
}

interface Member {
  readonly host: SimulatedHost;
  readonly churn: ChurningHost | null;
  readonly section: SectionWriter;
  readonly series: SeriesWriter;
  readonly containers: Map<string, SeriesWriter>;
  greeted: boolean;
}

/** Some hosts that share a connection, and the requests that carry their intervals. */
export class Group {
  readonly #options: StreamOptions;
  readonly #members: readonly Member[];

  constructor(options: StreamOptions, indexes: readonly number[]) {
    this.#options = options;
    const { fleet, churn } = options;
    this.#members = indexes.map((index) => {
      const host = new SimulatedHost(fleet, index);
      const { id, name, region, role } = host.identity;
      return {
        host,
        churn: churn === null ? null : new ChurningHost({ ...fleet, ...churn }, index),
        section: new SectionWriter(host.identity),
        // Of this lane alone: Prometheus refuses a second stream of the same series as out of order.
        series: new SeriesWriter(COUNTERS, { instance: `${name}:${id.slice(0, 8)}`, region, role }),
        containers: new Map(),
        greeted: false,
      };
    });
  }

  /** When the group's next interval is read, ms since 1970. */
  get at(): number {
    return this.#members[0]?.host.at ?? 0;
  }

  /** The requests of the next interval of all its hosts; nearly always one. */
  next(): Request[] {
    const readings = this.#members.map((member) => ({
      member,
      containers: member.churn?.readings(member.host.at) ?? [],
    }));
    const requests = this.#options.form === "push" ? [this.#push(readings)] : this.#writes(readings);
    for (const { host } of this.#members) host.advance();
    return requests;
  }

  /** Leaves the next interval out, as if its snapshots were sent. */
  skip(): void {
    for (const { host, churn } of this.#members) {
      churn?.readings(host.at);
      host.advance();
    }
  }

  #push(readings: readonly Reading[]): Request {
    let [snapshots, samples] = [0, 0];
    const sections = readings.map(({ member, containers }) => {
      const { host, section } = member;
      const texts = [
        snapshotText({
          at: host.at,
          uptimeMs: host.at - host.identity.bootedMs,
          everyMs: host.everyMs,
          layout: LAYOUT,
          values: host.values,
          namespace: null,
          fromZero: false,
        }),
        ...containers.map((one, index) => containerText(one, index, host)),
      ];
      snapshots += texts.length;
      samples += COUNTERS.length + containers.length * DIAGNOSIS_COUNTERS.length;
      const layouts = member.greeted
        ? []
        : [COUNTERS, ...(member.churn === null ? [] : [DIAGNOSIS_COUNTERS])];
      member.greeted = true;
      return section.section(texts, { layouts, namespaces: containers.map(wireNamespace) });
    });
    const body = Buffer.from(pushBody(sections, this.at));
    return this.#request(body, { snapshots, samples, type: "application/json" });
  }

  #writes(readings: readonly Reading[]): Request[] {
    const parts: { readonly bytes: Buffer; readonly series: number }[] = [];
    for (const { member, containers } of readings) {
      const { host, series } = member;
      parts.push({ bytes: series.write(host.values, host.at), series: COUNTERS.length });
      for (const one of containers) {
        parts.push({
          bytes: writerOf(member, one).write(one.values, one.at),
          series: DIAGNOSIS_COUNTERS.length,
        });
      }
    }
    const requests: Request[] = [];
    for (let first = 0; first < parts.length; ) {
      const batch = [parts[first++]].flatMap((part) => part ?? []);
      let samples = batch[0]?.series ?? 0;
      for (
        let part = parts[first];
        part !== undefined && samples + part.series <= SERIES_PER_WRITE;
        part = parts[first]
      ) {
        batch.push(part);
        samples += part.series;
        first++;
      }
      requests.push(
        this.#request(writeRequest(batch.map(({ bytes }) => bytes)), {
          snapshots: batch.length,
          samples,
          type: "application/x-protobuf",
        }),
      );
    }
    return requests;
  }

  #request(
    plain: Buffer,
    {
      snapshots,
      samples,
      type,
    }: { readonly snapshots: number; readonly samples: number; readonly type: string },
  ): Request {
    const { form, gzip, path, port, token } = this.#options;
    const body = gzip ? gzipSync(plain, { level: GZIP_LEVEL }) : plain;
    const encoding = form === "remote-write" ? "snappy" : gzip ? "gzip" : null;
    const headers = {
      "content-type": type,
      ...(encoding === null ? {} : { "content-encoding": encoding }),
      ...(form === "remote-write"
        ? { "x-prometheus-remote-write-version": "0.1.0" }
        : { accept: "application/json" }),
    };
    return {
      bytes: postRequest({ port, path, token }, headers, body),
      bodyBytes: body.length,
      snapshots,
      samples,
    };
  }
}

interface Reading {
  readonly member: Member;
  readonly containers: readonly ContainerReading[];
}

function containerText(one: ContainerReading, index: number, { identity, everyMs }: SimulatedHost): string {
  return snapshotText({
    at: one.at,
    uptimeMs: one.at - identity.bootedMs,
    everyMs: Math.max(everyMs, 60_000),
    layout: CONTAINER_LAYOUT,
    values: one.values,
    namespace: index,
    fromZero: one.fromZero,
  });
}

function wireNamespace({ inode, birth, name }: ContainerReading): object {
  return { kind: "container", inode, birth, name, labels: { runtime: "containerd", container: name } };
}

function writerOf({ host, containers }: Member, { inode, name }: ContainerReading): SeriesWriter {
  const known = containers.get(inode);
  if (known !== undefined) return known;
  const { name: instance, region, role } = host.identity;
  const made = new SeriesWriter(DIAGNOSIS_COUNTERS, { container: name, instance, region, role });
  containers.set(inode, made);
  return made;
}
