import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  getOperationAST,
} from "graphql";
import { handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import { WebSocketServer } from "ws";
import { type ErrorCode, SpillwayError } from "../errors.ts";
import type { Actor } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { checkedDocument } from "./checked-document.ts";
import { createContext, type Sources } from "./context.ts";
import { formatRawError } from "./format-error.ts";
import { OpenSubscriptions } from "./open-subscriptions.ts";
import { schema } from "./schema.ts";
import { type Credential, CredentialWatch } from "./subscription-credentials.ts";
import { LiveSocket } from "./subscription-socket.ts";

/** Bytes of one message of a client, as of one body over HTTP. */
const MESSAGE_BYTES = 100_000;
/** A client says who it is within this time, or is closed (4408). */
const INIT_WAIT_MS = 5_000;
const SUBSCRIPTIONS_PER_SOCKET = 50;
/** Sockets of a process. */
const SOCKETS_MAX = 2_000;
/** Of these, those that have not said whose they are: of strangers in all and from one network, and of one known. */
const STRANGERS_MAX = 200;
const STRANGERS_PER_NETWORK = 10;
const SILENT_PER_ACTOR = 100;

/** Who opens a socket, as its request says: somebody known by `actorKey`, or a network's strangers. */
export interface Opener {
  readonly key: string;
  readonly known: boolean;
}

export interface SubscriptionServerDeps {
  readonly sources: Sources;
  readonly log: Logger;
  readonly metrics: Metrics;
  /**
   * What a client shows when it connects: the token of its connection parameters, or what came with its request.
   *
   * @throws UNAUTHENTICATED when that is nothing, FORBIDDEN when it comes from a page of another site
   */
  readonly credentialOf: (request: IncomingMessage, params: Readonly<Record<string, unknown>>) => Credential;
  /** Counts what somebody asks. @throws RATE_LIMITED */
  readonly countCall: (actor: Actor) => Promise<void>;
  /** Who asks for a socket; it is counted where that is a stranger. @throws RATE_LIMITED */
  readonly openerOf: (request: IncomingMessage) => Promise<Opener>;
}

interface Extra {
  readonly socket: LiveSocket;
  readonly request: IncomingMessage;
  readonly open: OpenSubscriptions<ExecutionResult>;
}

/** Subscriptions, by the protocol graphql-transport-ws. */
export class SubscriptionServer {
  readonly #deps: SubscriptionServerDeps;
  readonly #sockets = new Map<LiveSocket, Opener>();
  readonly #credentials: CredentialWatch;
  #stopping = false;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols,
  });
  readonly #server: ReturnType<typeof makeServer<Record<string, unknown>, Extra>>;

  constructor(deps: SubscriptionServerDeps) {
    this.#deps = deps;
    this.#credentials = new CredentialWatch(deps.log);
    this.#server = makeServer<Record<string, unknown>, Extra>({
      schema,
      connectionInitWaitTimeout: INIT_WAIT_MS,
      onConnect: ({ connectionParams, extra }) => this.#admit(extra, connectionParams ?? {}),
      onSubscribe: ({ extra, subscriptions }, id, payload) =>
        Object.keys(subscriptions).length > SUBSCRIPTIONS_PER_SOCKET
          ? [
              refusal(
                "LIMIT_EXCEEDED",
                `${SUBSCRIPTIONS_PER_SOCKET} subscriptions are open on this socket: end some`,
              ),
            ]
          : this.#onSubscribe(extra, id, payload),
      subscribe: (args) => this.#subscribe(args),
      onOperation: ({ extra: { open } }, id, payload, _args, result) => {
        if (Symbol.asyncIterator in result) {
          return open.began(id, payload, result as AsyncIterableIterator<ExecutionResult>);
        }
        open.ended(id, payload);
        return undefined;
      },
      onComplete: ({ extra }, id, payload) => extra.open.ended(id, payload),
      onNext: (_context, _id, _payload, _args, { data = null, errors }) => {
        if (errors === undefined) return undefined;
        return { data, errors: errors.map((error) => formatRawError(error, deps.log)) };
      },
      onError: (_context, _id, _payload, errors) => errors.map((error) => formatRawError(error, deps.log)),
    });
  }

  /** Takes a request to upgrade over. @throws UNAVAILABLE where there are too many sockets already; RATE_LIMITED */
  async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const opener = await this.#deps.openerOf(request);
    if (!this.#hasPlace(opener)) {
      throw new SpillwayError("UNAVAILABLE", "too many sockets are open: come back later");
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      const { log, metrics } = this.#deps;
      const socket = new LiveSocket(webSocket, log);
      this.#sockets.set(socket, opener);
      metrics.liveSockets.set(this.#sockets.size);
      const open = new OpenSubscriptions<ExecutionResult>();
      const closed = this.#server.opened(socket, { socket, request, open });
      socket.onClosed((code, reason) => {
        this.#sockets.delete(socket);
        this.#credentials.left(socket);
        metrics.liveSockets.set(this.#sockets.size);
        metrics.liveSocketsClosed.inc({ code });
        open.close();
        void closed(code, reason);
      });
    });
  }

  /** Who is known finds a place that strangers cannot take, and one network's strangers leave some to the others. */
  #hasPlace({ key, known }: Opener): boolean {
    if (this.#stopping || this.#sockets.size >= SOCKETS_MAX) return false;
    const silent = [...this.#sockets].flatMap(([{ actor }, opener]) => (actor === null ? [opener] : []));
    const alike = silent.filter((other) => other.known === known && other.key === key).length;
    if (known) return alike < SILENT_PER_ACTOR;
    return alike < STRANGERS_PER_NETWORK && silent.filter((other) => !other.known).length < STRANGERS_MAX;
  }

  /** Tells every client to go (1001), and ends those that have not gone in time. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#credentials.close();
    await Promise.all([...this.#sockets.keys()].map((socket) => socket.drain()));
  }

  async #admit({ socket, request }: Extra, params: Readonly<Record<string, unknown>>): Promise<void> {
    socket.actor = await this.#credentials.admit(socket, this.#deps.credentialOf(request, params));
  }

  /** What is to be run for a message of a client; or why it is not. */
  async #onSubscribe(
    { socket, open }: Extra,
    id: string,
    payload: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    open.asked(id, payload);
    const asked = await this.#ask(socket.actor, payload);
    if (!("document" in asked)) open.ended(id, payload);
    return asked;
  }

  async #ask(
    actor: Actor | null,
    { query, operationName, variables }: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    if (actor === null) throw new SpillwayError("UNAUTHENTICATED", "no valid token or session");
    try {
      await this.#deps.countCall(actor);
    } catch (error) {
      if (error instanceof SpillwayError) return [refusal(error.code, error.message)];
      throw error;
    }
    const checked = checkedDocument(schema, query);
    if ("errors" in checked) return checked.errors;
    const operation = getOperationAST(checked.document, operationName)?.operation ?? "subscription";
    if (operation !== "subscription") {
      return [refusal("BAD_REQUEST", `a ${operation} goes to POST /graphql, and not over a socket`)];
    }
    return {
      schema,
      document: checked.document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
      contextValue: createContext(this.#deps.sources, actor),
    };
  }

  /** Each event is answered in a context of its own: what one has loaded is old for the next. */
  async #subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in events)) return events;
    const { sources, metrics } = this.#deps;
    const { actor } = args.contextValue as { readonly actor: Actor };
    metrics.liveSubscriptions.inc();
    return answersTo(
      events as AsyncIterable<unknown>,
      (event) => execute({ ...args, rootValue: event, contextValue: createContext(sources, actor) }),
      () => metrics.liveSubscriptions.dec(),
    );
  }
}

/** One answer for each event; `ended` is called once, however it ends. */
function answersTo(
  events: AsyncIterable<unknown>,
  answer: (event: unknown) => Promise<ExecutionResult> | ExecutionResult,
  ended: () => void,
): AsyncIterableIterator<ExecutionResult> {
  const iterator = events[Symbol.asyncIterator]();
  let open = true;
  const end = () => {
    if (open) ended();
    open = false;
    return { done: true, value: undefined } as const;
  };
  return {
    next: async () => {
      try {
        const event = await iterator.next();
        return event.done === true ? end() : { done: false, value: await answer(event.value) };
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      await iterator.return?.();
      return end();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
