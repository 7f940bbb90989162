import { addressText } from "./address.ts";
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
  if (rest !== "") throw new ListenerParseError(file, `line ${lines.length + 1}`, "it is cut off");
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
    throw new ListenerParseError(file, `line ${number}`, `no socket: "${excerpt(line)}"`);
  }
  const [, words = "", port = "", state = "", queue = "", uid = "", inode = ""] = match;
  if (state.toUpperCase() !== LISTEN) return null;
  if (words.length !== 8 && words.length !== 32) {
    throw new ListenerParseError(file, `line ${number}`, `"${words}" is no address`);
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

/** From one word of IPv4 or four of IPv6. */
function addressOf(words: string, littleEndian: boolean): string {
  const bytes = Buffer.from(words, "hex");
  return addressText(littleEndian ? bytes.swap32() : bytes);
}
