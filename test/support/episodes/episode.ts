import type { Cause } from "../../../src/detect/diagnosis/cause.ts";
import type { Kit } from "./kit.ts";
import type { AppOptions } from "./messages.ts";

/** What the clients of an episode saw, by their own count. */
export interface Clients {
  readonly attempted: number;
  /** Handshakes that failed, or took a second or more, as clients feel it. */
  readonly lost: number;
}

/** What really happens in an episode, as only its maker can know. */
export interface Truth {
  /** Null where nothing is wrong. */
  readonly cause: Cause | null;
  /** Other causes that are as right, or that nothing an agent sees tells from it. */
  readonly orElse?: readonly Cause[];
  /** Port of the listener that is to blame; null where none is. */
  readonly listener: number | null;
  readonly notes?: string;
}

/** What the relay between host and peer does to packets; without it they are joined by a veth pair. */
export interface Path {
  /** Milliseconds that each packet takes. */
  readonly delayMs?: number;
  readonly loses?: {
    /** `acks`: those of the peer that carry no data, the last of a handshake among them. */
    readonly what: "packets" | "syns" | "acks";
    readonly share: number;
  };
}

/**
 * Smallest and largest increase over a recording of what the key names: a counter (`TcpPassiveOpens`), or two
 * of them (`A / B`, `A - B`, `A + B`). Ranges where a loaded machine or the order of packets matters.
 */
export type Signature = Readonly<Record<string, readonly [least: number, most: number]>>;

/** Snapshots of an agent before each episode, and after it. */
export const QUIET = { before: 3, after: 2 };

/**
 * Something that happens to the TCP of one host, made on the real kernel: a host and its peers, each in a network
 * namespace of its own.
 */
export interface Episode {
  /** Also the name of its fixture. */
  readonly name: string;
  readonly title: string;
  readonly truth: Truth;
  readonly path?: Path;
  /** What listens before the agent looks, so that its first list has them. */
  readonly apps?: readonly AppOptions[];
  /** Sysctls of the host, by path below /proc/sys/net. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Time between snapshots; 1 s where not said. */
  readonly everyMs?: number;
  readonly signature: Signature;
  /** The share of clients lost lies in it; where not said, none was. */
  readonly lostShare?: readonly [least: number, most: number];
  readonly run: (kit: Kit) => Promise<Clients>;
}
