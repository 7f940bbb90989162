/** What came back for one request, before any meaning is read into it. */
export type Reply =
  | {
      readonly kind: "status";
      readonly status: number;
      /** By name in lower case; of a name that comes twice, the first. */
      readonly headers: Readonly<Record<string, string | undefined>>;
      readonly text: string;
    }
  /** No whole answer: refused, reset, timed out, too long. */
  | { readonly kind: "failed"; readonly reason: string };

/** The answer to the largest push that keeps the contract is well below; anything longer is not for us. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
/** Status line and headers, with those of interim answers before it; trailers as well. */
const HEAD_MAX_BYTES = 16 * 1024;
/** The line of a chunk's size: at most eight digits, and extensions that nobody sends. */
const CHUNK_LINE_MAX_BYTES = 256;

export type ReadReply = Extract<Reply, { kind: "status" }> & {
  /** The connection may be used again. */
  readonly keep: boolean;
};

export interface ReplyReader {
  /** The answer once it is whole, else null. @throws Error that says what is wrong with it. */
  take(chunk: Buffer): ReadReply | null;
  /** The connection was closed. @throws Error unless that is how the answer ends. */
  end(): ReadReply;
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly keep: boolean;
  /** Bytes of the body; "close": up to the end of the connection. */
  readonly length: number | "chunked" | "close";
}

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) to a POST out of whatever pieces it comes in. Strict: what is
 * ambiguous (two lengths, a length and chunks, bare line feeds, folded lines) is no answer.
 */
export function createReplyReader(): ReplyReader {
  let rest: Buffer = EMPTY;
  let head: Head | null = null;
  let headBytes = 0;
  /** Bytes that are left of the body, or of the chunk; null between chunks. */
  let left: number | null = null;
  let state: "head" | "body" | "size" | "chunk" | "trailers" | "whole" = "head";
  let body: Buffer = EMPTY;
  let size = 0;

  /** Copied, as a view would keep the whole packet; and however small the pieces, they take no more room. */
  function keepBytes(piece: Buffer): void {
    if (size + piece.length > ANSWER_MAX_BYTES) throw tooLong();
    if (size + piece.length > body.length) {
      const larger = Buffer.allocUnsafe(Math.max(1_024, body.length * 2, size + piece.length));
      body.copy(larger, 0, 0, size);
      body = larger;
    }
    piece.copy(body, size);
    size += piece.length;
  }

  /** Up to `end`, which is taken as well; null when it has not come yet. */
  function takeUntil(end: string, max: number, what: string): string | null {
    const at = rest.indexOf(end, 0, "latin1");
    if (at > max || (at === -1 && rest.length > max + end.length))
      throw new Error(`${what} is over ${max} bytes`);
    if (at === -1) return null;
    const text = rest.toString("latin1", 0, at);
    rest = rest.subarray(at + end.length);
    return text;
  }

  function takeHead(): boolean {
    if (!"HTTP/1.".startsWith(rest.toString("latin1", 0, 7))) throw new Error("the answer is not HTTP/1.1");
    const text = takeUntil("\r\n\r\n", HEAD_MAX_BYTES - headBytes, "the head of the answer");
    if (text === null) return false;
    headBytes += text.length;
    const read = readHead(text);
    // 100 to 199 announce an answer; the switch to another protocol was not asked for.
    if (read.status === 101) throw new Error("the answer switches to another protocol");
    if (read.status < 200) return true;
    head = read;
    if (typeof read.length === "number" && read.length > ANSWER_MAX_BYTES) throw tooLong();
    if (read.length === "chunked") state = "size";
    else {
      state = read.length === 0 ? "whole" : "body";
      left = read.length === "close" ? null : read.length;
    }
    return true;
  }

  function takeSize(): boolean {
    const line = takeUntil("\r\n", CHUNK_LINE_MAX_BYTES, "the size of a chunk of the answer");
    if (line === null) return false;
    const digits = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;|$)/.exec(line)?.[1];
    if (digits === undefined) throw new Error("a chunk of the answer has no size");
    left = Number.parseInt(digits, 16);
    if (size + left > ANSWER_MAX_BYTES) throw tooLong();
    state = left === 0 ? "trailers" : "chunk";
    return true;
  }

  function takeBody(): boolean {
    const piece = left === null ? rest : rest.subarray(0, left);
    keepBytes(piece);
    rest = rest.subarray(piece.length);
    if (left === null) return false;
    left -= piece.length;
    if (left > 0) return false;
    state = "whole";
    return true;
  }

  function takeChunk(): boolean {
    const piece = rest.subarray(0, left ?? 0);
    keepBytes(piece);
    rest = rest.subarray(piece.length);
    left = (left ?? 0) - piece.length;
    if (left > 0 || rest.length < 2) return false;
    if (rest.toString("latin1", 0, 2) !== "\r\n")
      throw new Error("a chunk of the answer is longer than its size");
    rest = rest.subarray(2);
    state = "size";
    return true;
  }

  /** Nothing in them concerns a push. */
  function takeTrailers(): boolean {
    const line = takeUntil("\r\n", HEAD_MAX_BYTES - headBytes, "the head of the answer");
    if (line === null) return false;
    headBytes += line.length + 2;
    if (line === "") state = "whole";
    return true;
  }

  const STEPS = { head: takeHead, body: takeBody, size: takeSize, chunk: takeChunk, trailers: takeTrailers };

  function whole(keep: boolean): ReadReply {
    if (head === null) throw new Error(CUT_OFF);
    const { status, headers } = head;
    return { kind: "status", status, headers, text: body.toString("utf8", 0, size), keep };
  }

  return {
    take(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (state !== "whole" && rest.length > 0) if (!STEPS[state]()) break;
      if (state !== "whole") return null;
      return whole(head?.keep === true && rest.length === 0);
    },
    end() {
      if (head?.length !== "close") throw new Error(CUT_OFF);
      return whole(false);
    },
  };
}

const EMPTY = Buffer.alloc(0);
const CUT_OFF = "the connection was closed before the answer was whole";
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function tooLong(): Error {
  return new Error(`the answer is over ${ANSWER_MAX_BYTES} bytes`);
}

function readHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const [, minor, code] = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: |$)/.exec(first) ?? [];
  if (code === undefined) throw new Error("the answer has no status");
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!FIELD_NAME.test(name) || BAD_IN_VALUE.test(value))
      throw new Error("the answer has a header that cannot be read");
    if (name in headers && (name === "content-length" || name === "transfer-encoding"))
      throw new Error(`the answer has two headers ${name}`);
    headers[name] ??= value;
  }
  const status = Number(code);
  const connection = (headers.connection ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  const length = bodyLength(status, headers);
  const persists = minor === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  return { status, headers, length, keep: persists && length !== "close" };
}

/** A bare one of these is read as an end of line by some and not by others. */
const BAD_IN_VALUE = /[\0\r\n]/;

/** RFC 9112, 6.3. */
function bodyLength(status: number, headers: Head["headers"]): Head["length"] {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined && length !== undefined) throw new Error("the answer has a length and chunks");
  if (status < 200 || status === 204 || status === 304) return 0;
  if (coding !== undefined) {
    if (coding.toLowerCase() === "chunked") return "chunked";
    throw new Error("the answer is encoded in a way that was not asked for");
  }
  if (length === undefined) return "close";
  if (!/^[0-9]{1,15}$/.test(length)) throw new Error("the answer has a length that is no number");
  return Number(length);
}
