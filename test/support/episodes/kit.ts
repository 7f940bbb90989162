import type { ChildProcess } from "node:child_process";
import type { ClientCounts } from "../../../src/drill/messages.ts";
import { type Actors, said } from "./actors.ts";
import type { Clients } from "./episode.ts";
import type { AppOptions, ClientOptions, Side, SynOptions } from "./messages.ts";

/** An address that nobody has (RFC 2544): what is sent there is lost without a word. */
export const NOWHERE = "198.18.99.99";

/** A server that an episode can stop. */
export interface App {
  readonly port: number;
  /** SIGSTOP: its kernel goes on, and it accepts nothing. */
  stop(): void;
  /** SIGCONT */
  resume(): void;
  /** SIGKILL, then waits: the kernel closes its sockets. */
  kill(): Promise<void>;
}

/** What an episode is made with. All that it starts ends with it. */
export interface Kit {
  /** The newest server of a port. @throws Error where there is none */
  app(port: number): App;
  /** Starts a server, and waits until it listens. */
  listen(options: AppOptions): Promise<App>;
  /** Connects from a side to the other, or to the address given, until all is over or their patience ends. */
  connect(from: Side, options: ClientOptions): Promise<ClientCounts>;
  /** Sends bare SYNs from the peer to the host; resolves after the last. */
  sendSyns(options: SynOptions): Promise<void>;
  /** Until the agent has pushed so many more snapshots: the time of an episode, whatever the machine does besides. */
  snapshots(count: number): Promise<void>;
}

export interface KitParts {
  readonly actors: Actors;
  readonly address: Readonly<Record<Side, string>>;
  readonly snapshots: (count: number) => Promise<void>;
}

export function createKit({ actors, address, snapshots }: KitParts): Kit {
  const apps = new Map<number, App>();
  return {
    snapshots,
    app(port) {
      const found = apps.get(port);
      if (found === undefined) throw new Error(`nothing was started on port ${port}`);
      return found;
    },
    async listen(options) {
      const child = actors.start(options.side ?? "host", "app", options);
      await said(child, "app");
      const app: App = {
        port: options.port,
        stop: () => child.kill("SIGSTOP"),
        resume: () => child.kill("SIGCONT"),
        kill: () => killed(child),
      };
      apps.set(options.port, app);
      return app;
    },
    connect(from, options) {
      const to = from === "host" ? "peer" : "host";
      return said(actors.start(from, "clients", { address: address[to], ...options }), "clients");
    },
    async sendSyns(options) {
      await said(actors.start("peer", "syns", { ...options, from: address.peer, to: address.host }), "syns");
    },
  };
}

function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return ended;
}

/** Adds up clients whose reset was the end of a handshake that had never been one for the server. */
export function clientsOf(...counts: readonly ClientCounts[]): Clients {
  return sum(counts, ({ late, unconnected, reset }) => late + unconnected + reset);
}

/** The same where connections were made in time, and reset later by an application. */
export function connectedClientsOf(...counts: readonly ClientCounts[]): Clients {
  return sum(counts, ({ late, unconnected }) => late + unconnected);
}

function sum(counts: readonly ClientCounts[], lostOf: (counts: ClientCounts) => number): Clients {
  const of = (numberOf: (counts: ClientCounts) => number) =>
    counts.reduce((total, one) => total + numberOf(one), 0);
  return { attempted: of(({ attempted }) => attempted), lost: of(lostOf) };
}
