import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metricName, SeriesWriter, writeRequest } from "../../../bench/peers/remote-write.ts";
import { snappy } from "../../../bench/peers/snappy.ts";

/** A second reading of the format: https://github.com/google/snappy/blob/main/format_description.txt */
function unsnappy(bytes: Buffer): Buffer {
  let at = 0;
  const byte = () => bytes[at++] ?? Number.NaN;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const one = byte();
    length += (one & 0x7f) * 2 ** shift;
    if (one < 0x80) break;
  }
  const output: number[] = [];
  while (at < bytes.length) {
    const tag = byte();
    if ((tag & 3) === 0) {
      let size = (tag >> 2) + 1;
      if (size > 60) {
        const extra = size - 60;
        size = 1;
        for (let place = 0; place < extra; place++) size += byte() * 256 ** place;
      }
      for (; size > 0; size--) output.push(byte());
      continue;
    }
    const short = (tag & 3) === 1;
    const size = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = short ? ((tag >> 5) << 8) | byte() : byte() | (byte() << 8);
    if (offset === 0 || offset > output.length) throw new Error(`offset ${offset} at ${at}`);
    for (let place = 0; place < size; place++) output.push(output[output.length - offset] ?? 0);
  }
  expect(output).toHaveLength(length);
  return Buffer.from(output);
}

describe("snappy", () => {
  test("gives back what it was given", () => {
    const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(100))), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(pieces, fc.nat(3), (parts, repeats) => {
        const input = Buffer.concat(Array.from({ length: repeats + 1 }, () => parts).flat());
        expect(unsnappy(snappy(input)).equals(input)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("compresses across and beyond blocks of 64 KiB", () => {
    const input = Buffer.from("node_netstat_TcpExt_ListenOverflows,".repeat(6_000));
    const small = snappy(input);
    expect(small.length).toBeLessThan(input.length / 15);
    expect(unsnappy(small).equals(input)).toBe(true);
  });
});

test("a write request is what the protobuf says, label names in order", () => {
  const writer = new SeriesWriter(["TcpExtListenDrops", "TcpActiveOpens"], {
    instance: "web-1",
    region: "eu",
  });
  const at = Date.UTC(2026, 10, 22, 12);
  const bytes = unsnappy(writeRequest([writer.write([7, 2 ** 40], at)]));
  const text = (value: string) => [value.length, ...Buffer.from(value)];
  const label = (name: string, value: string) => {
    const inner = [0x0a, ...text(name), 0x12, ...text(value)];
    return [0x0a, inner.length, ...inner];
  };
  const series = (name: string, value: number) => {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(value);
    // The varint of `at`.
    const time = [0x80, 0xc4, 0x82, 0x99, 0xa0, 0x34];
    const own = [
      ...label("__name__", name),
      ...label("instance", "web-1"),
      ...label("region", "eu"),
      ...[0x12, 16, 0x09, ...double, 0x10, ...time],
    ];
    return [0x0a, own.length, ...own];
  };
  expect([...bytes]).toEqual([
    ...series("node_netstat_TcpExt_ListenDrops", 7),
    ...series("node_netstat_Tcp_ActiveOpens", 2 ** 40),
  ]);
  expect(writer.writeEach([7, 2 ** 40], at).map((one) => [...one])).toEqual([
    series("node_netstat_TcpExt_ListenDrops", 7),
    series("node_netstat_Tcp_ActiveOpens", 2 ** 40),
  ]);
  expect(metricName("TcpExtTCPTimeouts")).toBe("node_netstat_TcpExt_TCPTimeouts");
});
