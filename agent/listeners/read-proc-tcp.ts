import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { parseProcTcp } from "./parse-proc-tcp.ts";
import type { SeenListener } from "./seen.ts";

const CHUNK_BYTES = 64 * 1024;
/** About 28,000 sockets. */
const FILE_BYTES = 4 * 1024 * 1024;

/**
 * The listeners of a namespace by its `tcp` and `tcp6`, which any user may read.
 *
 * The kernel prints all listeners before the first connection, a page at a time, and finds connections by a
 * walk through a table of up to 512 Ki slots that all namespaces share. So the reading ends with the page of
 * the first connection: on a host with 100,000 of them that is what makes it affordable.
 *
 * @returns null when the namespace is gone.
 * @throws ListenerParseError, or Error that names the file when it cannot be read.
 */
export function readProcTcp(netDir: string): SeenListener[] | null {
  const littleEndian = endianness() === "LE";
  const v4 = readHead(join(netDir, "tcp"));
  if (v4 === null) return null;
  const v6 = readHead(join(netDir, "tcp6"));
  return [
    ...parseProcTcp(v4, join(netDir, "tcp"), littleEndian),
    // No such file where IPv6 is off.
    ...(v6 === null ? [] : parseProcTcp(v6, join(netDir, "tcp6"), littleEndian)),
  ];
}

/** Whole lines up to the first connection; null when there is no such file. */
function readHead(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) {
      return null;
    }
    throw error;
  }
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let text = "";
    for (;;) {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return text;
      const piece = chunk.toString("latin1", 0, bytes);
      text += piece;
      if (text.length >= FILE_BYTES || CONNECTION.test(piece))
        return text.slice(0, text.lastIndexOf("\n") + 1);
    }
  } finally {
    closeSync(file);
  }
}

/** A state other than LISTEN and SYN_RECV: before Linux 4.4, the latter stands among the listeners. */
const CONNECTION = /:[0-9A-F]{4} (?!0A|03)[0-9A-F]{2} [0-9A-F]{8}:/;
