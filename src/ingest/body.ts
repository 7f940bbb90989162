import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, gunzipSync } from "node:zlib";
import { SpillwayError } from "../errors.ts";
import { LIMITS } from "../protocol/limits.ts";

const gunzipAsync = promisify(gunzip);

/**
 * Up to here a body is unzipped where it is: 10 us for a snapshot, where the thread pool takes 70 us of CPU. The
 * second bound is on how long that may hold up others: a body that is larger than it looked goes to the pool.
 */
const AT_ONCE = { bodyBytes: 16 * 1024, decodedBytes: 256 * 1024 } as const;

/** A request's body as it was sent. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly gzip: boolean;
}

/**
 * Takes in a request's body, within the limit of the protocol for what is sent.
 *
 * @throws PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE for an encoding other than gzip
 */
export async function receiveBody(request: IncomingMessage): Promise<SentBody> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new SpillwayError(
      "UNSUPPORTED_MEDIA_TYPE",
      `content-encoding "${encoding.slice(0, 50)}" is not supported: send gzip or none`,
    );
  }
  return { bytes: await receiveBytes(request), gzip: encoding === "gzip" };
}

/** The bytes of a request's body, in whatever encoding. @throws PAYLOAD_TOO_LARGE */
export async function receiveBytes(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > LIMITS.bodyBytes) throw tooLarge(`${declared} bytes`);
  return collect(request);
}

/**
 * What a body says, within the limit for what is decompressed.
 *
 * @throws PAYLOAD_TOO_LARGE, BAD_REQUEST for bad gzip
 */
export async function decodeBody({ bytes, gzip }: SentBody): Promise<Buffer> {
  return gzip ? decompress(bytes) : bytes;
}

/**
 * All bytes of a request. By events and not `for await`, which would tear the connection down at the limit,
 * before the answer that says so: what is over the limit is read and thrown away by the HTTP server, whose
 * request timeout bounds it.
 */
function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Gone while its token was looked up: nothing would ever be heard of it again.
    if (request.destroyed) {
      reject(new SpillwayError("BAD_REQUEST", "the connection ended before the body was read"));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= LIMITS.bodyBytes) return;
      request.off("data", onData);
      chunks.length = 0;
      request.resume();
      reject(tooLarge(`more than ${LIMITS.bodyBytes} bytes`));
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(chunks, length)));
    request.once("error", reject);
    request.once("close", () => {
      if (!request.complete) reject(new SpillwayError("BAD_REQUEST", "the connection ended within the body"));
    });
  });
}

async function decompress(body: Buffer): Promise<Buffer> {
  if (body.length <= AT_ONCE.bodyBytes) {
    try {
      return gunzipSync(body, { maxOutputLength: AT_ONCE.decodedBytes, chunkSize: roomFor(body) });
    } catch (error) {
      if (!isTooLarge(error)) throw badGzip(error);
    }
  }
  try {
    // The cap holds while it inflates: a bomb costs no more memory than the largest honest push.
    return await gunzipAsync(body, { maxOutputLength: LIMITS.decodedBytes });
  } catch (error) {
    if (isTooLarge(error)) {
      throw new SpillwayError(
        "PAYLOAD_TOO_LARGE",
        `the body is larger than ${LIMITS.decodedBytes} bytes once decompressed: send fewer snapshots at once`,
      );
    }
    throw badGzip(error);
  }
}

/** Room for all of it, by the length that gzip puts at its end, and which is only believed this far: not 16 KiB for each. */
function roomFor(body: Buffer): number {
  const length = body.length < 4 ? 0 : body.readUInt32LE(body.length - 4);
  return Math.min(Math.max(length + 1, 64), 16 * 1024);
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}

function badGzip(cause: unknown): SpillwayError {
  return new SpillwayError("BAD_REQUEST", "the body is not valid gzip, as its content-encoding says", {
    cause,
  });
}

function tooLarge(size: string): SpillwayError {
  return new SpillwayError(
    "PAYLOAD_TOO_LARGE",
    `the body has ${size}; at most ${LIMITS.bodyBytes} are taken: send fewer snapshots at once`,
  );
}
