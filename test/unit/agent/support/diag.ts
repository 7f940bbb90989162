/** What `ss -ltmD -` gives: the netlink messages of the kernel's tcp_diag. */
export interface TestSocket {
  readonly address?: readonly number[];
  readonly port?: number;
  readonly inode?: number;
  readonly cookie?: bigint;
  readonly queue?: number;
  readonly limit?: number;
  /** null for a kernel that does not tell them. */
  readonly drops?: number | null;
  readonly uid?: number;
  readonly cgroupId?: bigint;
}

/** A whole dump: one socket a message, and the end. */
export function diagDump(sockets: readonly TestSocket[], littleEndian = true): Buffer {
  return Buffer.concat([
    ...sockets.map((socket) => diagMessage(20, encodeSocket(socket, littleEndian), littleEndian)),
    diagMessage(3, Buffer.alloc(4), littleEndian),
  ]);
}

export function diagMessage(type: number, payload: Buffer, littleEndian = true): Buffer {
  const { bytes, view } = room(16);
  view.setUint32(0, 16 + payload.length, littleEndian);
  view.setUint16(4, type, littleEndian);
  return padded(Buffer.concat([bytes, payload]));
}

function encodeSocket(socket: TestSocket, littleEndian: boolean): Buffer {
  const { address = [0, 0, 0, 0], port = 80, inode = 17, cookie = 1n, queue = 0, limit = 128 } = socket;
  const { drops = 0, uid = 0, cgroupId } = socket;
  const { bytes, view } = room(72);
  view.setUint8(0, address.length === 4 ? 2 : 10);
  view.setUint8(1, 10);
  view.setUint16(4, port);
  Buffer.from(address).copy(bytes, 8);
  view.setUint32(44, Number(cookie & 0xffff_ffffn), littleEndian);
  view.setUint32(48, Number(cookie >> 32n), littleEndian);
  for (const [index, value] of [queue, limit, uid, inode].entries())
    view.setUint32(56 + 4 * index, value, littleEndian);
  const memory = room(drops === null ? 32 : 36);
  if (drops !== null) memory.view.setUint32(32, drops, littleEndian);
  const parts = [bytes, attribute(7, memory.bytes, littleEndian)];
  if (cgroupId !== undefined) {
    const id = room(8);
    id.view.setBigUint64(0, cgroupId, littleEndian);
    parts.push(attribute(21, id.bytes, littleEndian));
  }
  return Buffer.concat(parts);
}

function attribute(type: number, value: Buffer, littleEndian: boolean): Buffer {
  const { bytes, view } = room(4);
  view.setUint16(0, 4 + value.length, littleEndian);
  view.setUint16(2, type, littleEndian);
  return padded(Buffer.concat([bytes, value]));
}

function room(length: number): { readonly bytes: Buffer; readonly view: DataView } {
  const bytes = Buffer.alloc(length);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, length) };
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
