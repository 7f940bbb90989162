import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeBody, receiveBody } from "../../../src/ingest/body.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";

/** A request with this body; of all that a request is, only what is read of it. */
function request(body: Buffer, encoding?: string): IncomingMessage {
  const stream = new PassThrough();
  stream.end(body);
  const headers = encoding === undefined ? {} : { "content-encoding": encoding };
  return Object.assign(stream, { headers, complete: true }) as unknown as IncomingMessage;
}

const readBody = async (sent: IncomingMessage) => decodeBody(await receiveBody(sent));
const text = (length: number) => Buffer.from("0,1,17,".repeat(Math.ceil(length / 7))).subarray(0, length);

describe("a gzipped body", () => {
  test.each([
    ["empty", Buffer.alloc(0)],
    ["of one snapshot", text(1_200)],
    ["of many snapshots", text(200_000)],
    ["small, and large once decompressed", Buffer.alloc(2_000_000, "a")],
    ["as large as may be", Buffer.alloc(LIMITS.decodedBytes, "a")],
  ])("%s is unzipped", async (_, body) => {
    expect((await readBody(request(gzipSync(body), "gzip"))).equals(body)).toBe(true);
  });

  test("of several members, and with a length at its end that is not its own, is unzipped", async () => {
    const body = text(50_000);
    const members = Buffer.concat([gzipSync(body), gzipSync(text(3))]);
    expect((await readBody(request(members, "gzip"))).length).toBe(50_003);
  });

  test.each([
    ["one byte over the limit", gzipSync(Buffer.alloc(LIMITS.decodedBytes + 1))],
    ["a bomb", gzipSync(Buffer.alloc(LIMITS.decodedBytes * 8))],
  ])("%s is refused", async (_, body) => {
    await expect(readBody(request(body, "gzip"))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a byte", Buffer.from([0x1f])],
    ["no gzip", Buffer.from("{}")],
    ["cut off", gzipSync(text(1_200)).subarray(0, -1)],
    [
      "large and cut off",
      gzipSync(Buffer.from(Array.from({ length: 90_000 }, (_, i) => (i * 7_919) % 251))).subarray(0, -9),
    ],
  ])("%s is refused as bad gzip", async (_, body) => {
    await expect(readBody(request(body, "gzip"))).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});
