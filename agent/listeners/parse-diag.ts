import { addressText } from "./address.ts";
import { ListenerParseError, type SeenListener } from "./seen.ts";

/** A socket as tcp_diag tells it. */
export interface DiagListener extends SeenListener {
  /** Id of its cgroup of version 2, decimal; absent before Linux 5.9. */
  readonly cgroupId?: string;
}

/** What tcp_diag answered. */
export interface DiagAnswer {
  readonly sockets: readonly DiagListener[];
  /** False when the kernel gave no answer, or one that ends in an error: then listeners may be missing. */
  readonly isWhole: boolean;
}

const ORIGIN = "the answer of tcp_diag";
const ERROR = 2;
const DONE = 3;
/** TCPDIAG_GETSOCK, as it was asked for before Linux 3.3, and SOCK_DIAG_BY_FAMILY. */
const SOCKET: ReadonlySet<number> = new Set([18, 20]);

/** struct nlmsghdr, and struct inet_diag_msg after it (linux/netlink.h, linux/inet_diag.h). */
const HEAD_BYTES = 16;
/** After the head of DONE; 0 or more, or an errno below 0. */
const ERRNO_BYTES = 4;
const SOCKET_BYTES = 72;
/** struct nlattr. */
const ATTRIBUTE_BYTES = 4;
const SKMEMINFO = 7;
const CGROUP_ID = 21;
/** SK_MEMINFO_DROPS is the ninth word; before Linux 4.7 there are eight. */
const DROPS_AT = 8 * 4;

/**
 * Reads the netlink messages of a dump of LISTEN sockets: `ss -ltmD -` gives them as they came. Of a listener,
 * rqueue is the accept queue and wqueue its limit.
 *
 * @param littleEndian of this machine: the kernel writes numbers in its order, ports and addresses in the wire's.
 * @throws ListenerParseError when a message is cut off.
 */
export function parseDiag(bytes: Buffer, littleEndian = true): DiagAnswer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sockets: DiagListener[] = [];
  let dumps = 0;
  let isFailed = false;
  for (let at = 0, number = 1; at < bytes.length; number += 1) {
    const rest = bytes.length - at;
    const length = rest < HEAD_BYTES ? rest : view.getUint32(at, littleEndian);
    if (length < HEAD_BYTES || length > rest) {
      throw new ListenerParseError(ORIGIN, `message ${number}`, `${rest} bytes are left of ${length}`);
    }
    const type = view.getUint16(at + 4, littleEndian);
    if (type === DONE && !isRefused(view, at, length, littleEndian)) dumps += 1;
    else if (type === DONE || type === ERROR) isFailed = true;
    else if (SOCKET.has(type)) {
      if (length < HEAD_BYTES + SOCKET_BYTES)
        throw new ListenerParseError(ORIGIN, `message ${number}`, `${length} bytes are no socket`);
      sockets.push(readSocket(bytes.subarray(at + HEAD_BYTES, at + length), littleEndian));
    }
    at += aligned(length);
  }
  return { sockets, isWhole: dumps > 0 && !isFailed };
}

/** A dump may end in an error: without tcp_diag it is refused so, and ss takes that for an empty one. */
function isRefused(view: DataView, at: number, length: number, littleEndian: boolean): boolean {
  return length >= HEAD_BYTES + ERRNO_BYTES && view.getInt32(at + HEAD_BYTES, littleEndian) < 0;
}

function readSocket(bytes: Buffer, littleEndian: boolean): DiagListener {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u32 = (at: number) => view.getUint32(at, littleEndian);
  const isV4 = bytes[0] === AF_INET;
  const { drops, cgroupId } = readAttributes(bytes, view, littleEndian);
  return {
    address: addressText(bytes.subarray(8, isV4 ? 12 : 24)),
    port: view.getUint16(4),
    inode: String(u32(68)),
    cookie: ((BigInt(u32(48)) << 32n) | BigInt(u32(44))).toString(16),
    acceptQueue: u32(56),
    limit: u32(60),
    drops,
    uid: u32(64),
    ...(cgroupId === undefined ? {} : { cgroupId }),
  };
}

const AF_INET = 2;

function readAttributes(bytes: Buffer, view: DataView, littleEndian: boolean) {
  let drops: number | null = null;
  let cgroupId: string | undefined;
  for (let at = SOCKET_BYTES; at + ATTRIBUTE_BYTES <= bytes.length; ) {
    const length = view.getUint16(at, littleEndian);
    if (length < ATTRIBUTE_BYTES || at + length > bytes.length) break;
    const type = view.getUint16(at + 2, littleEndian);
    const value = at + ATTRIBUTE_BYTES;
    const size = length - ATTRIBUTE_BYTES;
    if (type === SKMEMINFO && size >= DROPS_AT + 4) drops = view.getUint32(value + DROPS_AT, littleEndian);
    if (type === CGROUP_ID && size === 8) cgroupId = String(view.getBigUint64(value, littleEndian));
    at += aligned(length);
  }
  return { drops, cgroupId };
}

/** Messages and attributes begin at multiples of four bytes. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}
