/** What the processes of an episode tell each other, over the channel that Node gives a child. */
import type { Push } from "../../../src/protocol/message.ts";
import type { Clients } from "./episode.ts";

/** `host`: the observed one, where the agent runs; `peer`: its clients, the services that it calls, and ours. */
export type Side = "host" | "peer";

/** What the service, or the recorder in its place, answers to a push. */
export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** A push of the agent on its way to the test. */
export interface PushMessage {
  readonly kind: "push";
  readonly id: number;
  readonly push: Push;
}

/** The test's answer on its way back. */
export interface AnswerMessage {
  readonly kind: "answer";
  readonly id: number;
  readonly answered: Answered;
}

/** The last word of an episode that went to its end. */
export interface DoneMessage {
  readonly kind: "done";
  readonly clients: Clients;
}

/** What the process that makes an episode is started with. */
export interface LabOptions {
  readonly episode: string;
  readonly host: string;
  readonly everyMs: number;
  readonly agent: string;
  readonly tokenFile: string;
  readonly stateDir: string;
  /** Folder of the bundled processes. */
  readonly bundles: string;
}

/** A server: an application of the host, or one that it calls. */
export interface AppOptions {
  /** Where it runs; on the host where not said. */
  readonly side?: Side;
  readonly port: number;
  readonly backlog: number;
  /**
   * `reply`: reads a request, replies, and closes after its client; `hold`: reads and is silent; `reset`: closes
   * at once with SO_LINGER 0; `unread`: closes with the request unread; `leak`: never closes.
   */
  readonly does: "reply" | "hold" | "reset" | "unread" | "leak";
  /** It does nothing else for so long with each connection that it accepts. */
  readonly blockMs?: number;
}

export interface ClientOptions {
  readonly port: number;
  readonly count: number;
  /** Connections begun each second; all at once where not said. */
  readonly perSecond?: number;
  /** Bytes sent once connected; 100 where not said. */
  readonly sends?: number;
  /**
   * `request`: waits for the reply, then closes; `hold`: keeps the connection while it can; `close`: closes when
   * all is sent; `abort`: closes with SO_LINGER 0 a moment after it sent.
   */
  readonly does: "request" | "hold" | "close" | "abort";
  /** How long after the last attempt all is given up that is still open; 3 s where not said. */
  readonly patienceMs?: number;
  /** Where not to the other side of the link. */
  readonly address?: string;
}

export interface SynOptions {
  readonly port: number;
  readonly count: number;
  readonly perSecond: number;
  /** `spoofed`: addresses that nobody has; `own`: the peer's, whose kernel resets what it did not ask for. */
  readonly source: "spoofed" | "own";
}
