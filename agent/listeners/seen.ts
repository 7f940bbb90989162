/** One LISTEN socket at one moment. */
export interface SeenListener {
  /** Without brackets or zone: `0.0.0.0`, `127.0.0.1`, `::`, `::ffff:127.0.0.1`. */
  readonly address: string;
  readonly port: number;
  /** Decimal; "0" for a socket of the kernel's own. */
  readonly inode: string;
  /** The kernel's cookie of the socket in hex, where ss shows it. */
  readonly cookie?: string;
  /** Connections waiting to be accepted. */
  readonly acceptQueue: number;
  /** min(backlog, somaxconn); null when it cannot be seen. */
  readonly limit: number | null;
  /** sk_drops; null when it cannot be seen. */
  readonly drops: number | null;
  readonly uid?: number;
  readonly cgroup?: string;
}

/** All LISTEN sockets of one network namespace at one moment, and by which means they were seen. */
export interface ListenerSample {
  readonly source: "ss" | "proc";
  readonly sockets: readonly SeenListener[];
}

/** Not of the format that it should have: half of it is worse than none. */
export class ListenerParseError extends Error {
  override readonly name = "ListenerParseError";
  /** The file or program that gave it. */
  readonly origin: string;
  /** The line or message at fault, counted from 1: `line 3`. */
  readonly part: string;

  constructor(origin: string, part: string, why: string) {
    super(`cannot read ${part} of ${origin}: ${why}`);
    this.origin = origin;
    this.part = part;
  }
}

/** What a socket is told apart by. The sockets of a SO_REUSEPORT group differ by inode alone. */
export function socketKey({ inode, cookie, address, port }: SeenListener): string {
  const name = inode === "0" ? `0/${cookie ?? ""}` : inode;
  return `${name} ${address} ${port}`;
}

export function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
