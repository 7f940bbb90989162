import { open, readdir, readFile, readlink } from "node:fs/promises";

/** The port that a process of the service listens on, as its kernel shows it. Null is what the kernel does not show. */
export interface OwnListenerState {
  readonly address: string;
  readonly port: number;
  /** Of the socket. */
  readonly inode: string;
  /** Of the machine: with the inode it names this socket among those that agents tell of. */
  readonly bootId: string | null;
  /** Connections that wait to be accepted. */
  readonly acceptQueue: number;
  /** min(backlog, somaxconn) when it began to listen: the kernel holds one connection more. */
  readonly limit: number | null;
  /** net.core.somaxconn when it began to listen: a change takes hold at the next start. */
  readonly somaxconn: number | null;
  /** ListenOverflows of its network namespace since it began to listen: packets, not clients. */
  readonly overflows: number | null;
  /** ListenDrops of its namespace since then. */
  readonly drops: number | null;
}

interface Begun {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
  readonly limit: number | null;
  readonly somaxconn: number | null;
  readonly bootId: string | null;
  readonly drops: Drops | null;
}

interface Drops {
  readonly overflows: number;
  readonly drops: number;
}

const CHUNK_BYTES = 16 * 1024;

/** The service's own listen queue: what it shows of others it shows of itself, with or without an agent beside it. */
export class OwnListener {
  readonly #proc: string;
  #begun: Begun | null = null;

  /** @param proc the folder of the process in procfs */
  constructor(proc = "/proc/self") {
    this.#proc = proc;
  }

  /** To be called when the socket listens, before there are many connections. Without a procfs nothing is known of it. */
  async begin({ address, port, backlog }: { address: string; port: number; backlog: number }): Promise<void> {
    const sockets = await this.#ownSockets();
    const look = async () => (await this.#listeners(port)).find((one) => sockets.has(one.inode))?.inode;
    // The list comes in pieces, and one that closes between two of them has the kernel leave another out.
    const inode = (await look()) ?? (await look());
    if (inode === undefined) return;
    const somaxconn = Number(await readOr("/proc/sys/net/core/somaxconn")) || null;
    this.#begun = {
      address,
      port,
      inode,
      somaxconn,
      limit: somaxconn === null ? null : Math.min(backlog, somaxconn),
      bootId: (await readOr("/proc/sys/kernel/random/boot_id"))?.trim() ?? null,
      drops: await this.#drops(),
    };
  }

  /** Null while it does not listen, or where the kernel does not show it. */
  async read(): Promise<OwnListenerState | null> {
    const begun = this.#begun;
    if (begun === null) return null;
    const found = (await this.#listeners(begun.port)).find(({ inode }) => inode === begun.inode);
    if (found === undefined) return null;
    const now = await this.#drops();
    const since = (name: keyof Drops) =>
      now === null || begun.drops === null ? null : now[name] - begun.drops[name];
    return {
      ...begun,
      acceptQueue: found.acceptQueue,
      overflows: since("overflows"),
      drops: since("drops"),
    };
  }

  async #ownSockets(): Promise<ReadonlySet<string>> {
    const files = await readdir(`${this.#proc}/fd`).catch(() => []);
    const links = await Promise.all(
      files.map((file) => readlink(`${this.#proc}/fd/${file}`).catch(() => "")),
    );
    return new Set(links.flatMap((link) => /^socket:\[([0-9]+)\]$/.exec(link)?.[1] ?? []));
  }

  /** Sockets that listen on a port. */
  async #listeners(port: number): Promise<{ readonly inode: string; readonly acceptQueue: number }[]> {
    const texts = await Promise.all(
      ["tcp", "tcp6"].map((file) => readListening(`${this.#proc}/net/${file}`)),
    );
    return texts.flatMap((text) =>
      [...text.matchAll(LISTENING)].flatMap(([, hexPort = "", queue = "", inode = ""]) =>
        Number.parseInt(hexPort, 16) === port ? [{ inode, acceptQueue: Number.parseInt(queue, 16) }] : [],
      ),
    );
  }

  /** Of the namespace, since its kernel booted or it was made. */
  async #drops(): Promise<Drops | null> {
    const text = await readOr(`${this.#proc}/net/netstat`);
    const [names, values] = (text ?? "").split("\n").filter((line) => line.startsWith("TcpExt:"));
    const value = (name: string) => Number(values?.split(" ")[names?.split(" ").indexOf(name) ?? -1]);
    const found = { overflows: value("ListenOverflows"), drops: value("ListenDrops") };
    return Number.isFinite(found.overflows) && Number.isFinite(found.drops) ? found : null;
  }
}

/** A line of /proc/net/tcp in state LISTEN: its port, its accept queue (rx_queue of others), its inode. */
const LISTENING =
  /^ *[0-9]+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A [0-9A-F]{8}:([0-9A-F]{8}) \S+ \S+ +[0-9]+ +[0-9]+ ([0-9]+) /gm;
/** A state other than LISTEN and SYN_RECV. */
const CONNECTION = /:[0-9A-F]{4} (?!0A|03)[0-9A-F]{2} [0-9A-F]{8}:/;

/** The listeners stand before all connections: a fleet's are not read. Empty where there is no such file. */
async function readListening(path: string): Promise<string> {
  const file = await open(path).catch(() => null);
  if (file === null) return "";
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let text = "";
    for (;;) {
      const { bytesRead } = await file.read(chunk);
      const piece = chunk.toString("latin1", 0, bytesRead);
      text += piece;
      if (bytesRead === 0 || CONNECTION.test(piece)) return text;
    }
  } finally {
    await file.close();
  }
}

function readOr(path: string): Promise<string | null> {
  return readFile(path, "latin1").catch(() => null);
}
