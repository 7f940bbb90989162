/** IPv4 and TCP packets as bytes: enough to write a SYN, and to say what a packet is. */

const IP_BYTES = 20;
const TCP_BYTES = 20;
const TCP_PROTOCOL = 6;
const FLAGS = { fin: 1, syn: 2, reset: 4, ack: 16 } as const;

export interface SynFields {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly port: number;
  readonly sequence: number;
}

export function synPacket({ source, sourcePort, destination, port, sequence }: SynFields): Buffer {
  const packet = Buffer.alloc(IP_BYTES + TCP_BYTES);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(64, 8);
  packet.writeUInt8(TCP_PROTOCOL, 9);
  packet.set(source.split(".").map(Number), 12);
  packet.set(destination.split(".").map(Number), 16);
  const tcp = packet.subarray(IP_BYTES);
  tcp.writeUInt16BE(sourcePort, 0);
  tcp.writeUInt16BE(port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt8((TCP_BYTES / 4) << 4, 12);
  tcp.writeUInt8(FLAGS.syn, 13);
  tcp.writeUInt16BE(64_240, 14);
  // The kernel fills in the checksum of the IP header, not that of TCP.
  tcp.writeUInt16BE(checksum(packet.subarray(12, 20), TCP_PROTOCOL + TCP_BYTES, tcp), 16);
  return packet;
}

/** RFC 1071, over the pseudo header (addresses; protocol and length as one sum) and the segment. */
function checksum(addresses: Buffer, protocolAndLength: number, segment: Buffer): number {
  let sum = protocolAndLength;
  for (const part of [addresses, segment]) {
    for (let at = 0; at < part.length; at += 2) sum += part.readUInt16BE(at);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Segment {
  readonly syn: boolean;
  /** Acknowledges, and does nothing else. */
  readonly pureAck: boolean;
}

/** What a packet is; null for one that is not TCP over IPv4. */
export function readSegment(packet: Buffer): Segment | null {
  if (packet.length < IP_BYTES || packet.readUInt8(0) >> 4 !== 4) return null;
  const tcpAt = (packet.readUInt8(0) & 15) * 4;
  if (packet.readUInt8(9) !== TCP_PROTOCOL || packet.length < tcpAt + TCP_BYTES) return null;
  const flags = packet.readUInt8(tcpAt + 13);
  const payload = packet.readUInt16BE(2) - tcpAt - (packet.readUInt8(tcpAt + 12) >> 4) * 4;
  return { syn: (flags & FLAGS.syn) !== 0, pureAck: flags === FLAGS.ack && payload === 0 };
}
