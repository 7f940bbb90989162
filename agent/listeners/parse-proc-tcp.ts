import { excerpt, ListenerParseError, type SeenListener } from "./seen.ts";

/**
 * Reads the LISTEN sockets of /proc/<pid>/net/tcp or tcp6 (net/ipv4/tcp_ipv4.c, `tcp4_seq_show`): of a
 * listener, rx_queue is the accept queue. The limit and the drops are not in that file.
 *
 * @param file only names the source in errors.
 * @param littleEndian of this machine: addresses are printed as 32-bit words in its order.
 * @throws ListenerParseError when a line is not of that format.
 */
export function parseProcTcp(text: string, file: string, littleEndian = true): SeenListener[] {
  const sockets: SeenListener[] = [];
  const lines = text.split("\n");
  // The kernel ends every line; without the last newline the last inode may have lost digits.
  const rest = lines.pop() ?? "";
  if (rest !== "") throw new ListenerParseError(file, lines.length + 1, "it is cut off");
  for (const [index, line] of lines.entries()) {
    if (/^\s*sl\s/.test(line)) continue;
    const socket = readLine(line, file, index + 1, littleEndian);
    if (socket !== null) sockets.push(socket);
  }
  return sockets;
}

const WORD = "[0-9A-Fa-f]{8}";
const SOCKET = new RegExp(
  `^\\s*[0-9]+: ((?:${WORD}){1,4}):([0-9A-Fa-f]{4}) (?:${WORD}){1,4}:[0-9A-Fa-f]{4} ([0-9A-Fa-f]{2}) ` +
    `${WORD}:(${WORD}) [0-9A-Fa-f]{2}:[0-9A-Fa-f]{8,16} ${WORD} +([0-9]{1,10}) +[0-9]+ ([0-9]{1,20})(?: |$)`,
);
const LISTEN = "0A";

function readLine(line: string, file: string, number: number, littleEndian: boolean): SeenListener | null {
  const match = SOCKET.exec(line);
  if (match === null) {
    throw new ListenerParseError(file, number, `no socket: "${excerpt(line)}"`);
  }
  const [, words = "", port = "", state = "", queue = "", uid = "", inode = ""] = match;
  if (state.toUpperCase() !== LISTEN) return null;
  if (words.length !== 8 && words.length !== 32) {
    throw new ListenerParseError(file, number, `"${words}" is no address`);
  }
  return {
    address: addressOf(words, littleEndian),
    port: Number.parseInt(port, 16),
    inode,
    acceptQueue: Number.parseInt(queue, 16),
    limit: null,
    drops: null,
    uid: Number(uid),
  };
}

/** The address as ss prints it (inet_ntop), from one word of IPv4 or four of IPv6. */
function addressOf(words: string, littleEndian: boolean): string {
  const bytes = Buffer.from(words, "hex");
  if (littleEndian) bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at));
  return v6Text(groups, bytes.subarray(12).join("."));
}

/** RFC 5952: the first of the longest runs of zero groups, of two or more, is left out. */
function v6Text(groups: readonly number[], lastFour: string): string {
  let begin = 0;
  let length = 0;
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (to < 8 && groups[to] === 0) to += 1;
    if (to - from > length) [begin, length] = [from, to - from];
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16));
  // ::a.b.c.d and ::ffff:a.b.c.d end in an IPv4 address; :: and ::1 do not.
  if (begin === 0 && length === 6) return `::${lastFour}`;
  if (begin === 0 && length === 5 && groups[5] === 0xffff) return `::ffff:${lastFour}`;
  if (length < 2) return hex(groups).join(":");
  return `${hex(groups.slice(0, begin)).join(":")}::${hex(groups.slice(begin + length)).join(":")}`;
}
