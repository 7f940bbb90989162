/** Calls that Node does not offer: for a TUN device, and for a raw socket that sends SYNs which no kernel would. */
import { openSync } from "node:fs";
import koffi from "koffi";

const libc = koffi.load(null);
const ioctl = libc.func("int ioctl(int fd, unsigned long request, void *argument)");
const socket = libc.func("int socket(int domain, int type, int protocol)");
const sendto = libc.func(
  "long sendto(int fd, void *packet, size_t length, int flags, void *address, uint32 addressLength)",
);

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFREQ_BYTES = 40;
const IFNAMSIZ = 16;

/** Makes a TUN device in the namespace of the caller; it lives as long as the descriptor that is given. */
export function openTun(name: string): number {
  const fd = openSync("/dev/net/tun", "r+");
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 0, IFNAMSIZ - 1, "latin1");
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, IFNAMSIZ);
  check("ioctl(TUNSETIFF)", ioctl(fd, TUNSETIFF, request));
  return fd;
}

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
const SOCKADDR_BYTES = 16;

/** Sends IPv4 packets with the headers that they have. @returns how to send one. */
export function openRawSocket(destination: string): (packet: Buffer) => void {
  const fd = check("socket(SOCK_RAW)", socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  const address = Buffer.alloc(SOCKADDR_BYTES);
  address.writeUInt16LE(AF_INET, 0);
  address.set(destination.split(".").map(Number), 4);
  return (packet) => {
    check("sendto", sendto(fd, packet, packet.length, 0, address, SOCKADDR_BYTES));
  };
}

function check(call: string, result: number): number {
  if (result < 0) throw new Error(`${call} failed with errno ${koffi.errno()}`);
  return result;
}
