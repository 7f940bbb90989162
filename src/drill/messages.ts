/** What the processes of a drill are started with, and what they tell each other over the channel of Node. */

/** A server that a drill is about. */
export interface AppOptions {
  readonly backlog: number;
  /** It does nothing else for so long with each connection that it accepts. */
  readonly blockMs: number;
}

export interface Load {
  readonly clients: {
    readonly atOnce: number;
    readonly everyMs: number;
    /** After so long a client gives up. */
    readonly patienceMs: number;
  };
  /** SYNs whose answers reach nobody; 0 for none. */
  readonly floodPerSecond: number;
}

/** What became of the connections of clients; those that are too young to tell are not counted. */
export interface ClientCounts {
  readonly attempted: number;
  /**
   * Connected, but after a second or more; or thought so before, when the server did not: it had dropped the last
   * ACK, and acknowledged nothing.
   */
  readonly late: number;
  /** Refused, timed out, given up on, or without a local port. */
  readonly unconnected: number;
  /** Reset after they believed to be connected. */
  readonly reset: number;
}

/** Where a drill is made: a network of its own, or the machine's loopback. */
export type PlaceKind = "namespaces" | "loopback";

/** What holds all of a drill (processes/box.ts). The agent's token is in its environment. */
export interface BoxOptions {
  readonly place: PlaceKind;
  readonly app: AppOptions;
  readonly load: Load;
  readonly stalls: boolean;
  /** Name of the host that the agent speaks for. */
  readonly host: string;
  /** The agent as one file. */
  readonly agent: string;
  /** Folder of the drill, which goes with it. */
  readonly folder: string;
  /** The agent's state, in it. */
  readonly stateDir: string;
  /** Socket of the door to the service, in it (door.ts). */
  readonly door: string;
}

/** begin: the load. halt: it is enough; the counts are told. end: the host leaves, and all that was started ends. */
export type ToBox = { readonly kind: "begin" | "halt" | "end" };

export type FromBox =
  /** The agent runs, and the application listens. */
  { readonly kind: "ready" } | { readonly kind: "halted"; readonly clients: ClientCounts };

/** Clients and the way out of the network: the other end of the cable. */
export interface PeerOptions {
  readonly door: string;
  readonly load: Load;
}

export type ToPeer =
  /** The cable is there: take the address, or none on loopback, and open the way to the door. */
  | { readonly kind: "plug"; readonly namespaces: boolean }
  | { readonly kind: "begin"; readonly address: string; readonly port: number }
  | { readonly kind: "halt" };

export type FromPeer =
  | { readonly kind: "started" }
  | { readonly kind: "plugged"; readonly address: string; readonly port: number }
  | { readonly kind: "halted"; readonly clients: ClientCounts };

/** stall: from now on the application accepts nothing. */
export type ToApp = { readonly kind: "stall" };
export type FromApp = { readonly kind: "listening"; readonly port: number };
