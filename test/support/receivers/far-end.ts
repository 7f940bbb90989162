/**
 * A far end on loopback that speaks HTTP. Every request is checked against its contract as it comes; what breaks it is
 * kept and refused, so that a test cannot overlook it.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface FarEndRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body, parsed. */
  readonly body: unknown;
}

export interface FarEndAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Checks a request. @returns what it breaks; and the answer that the real one gives */
export type Contract = (request: FarEndRequest) => {
  readonly faults: readonly string[];
  readonly answer: FarEndAnswer;
};

export interface FarEnd {
  /** Without a path. */
  readonly url: string;
  readonly host: string;
  /** All that came, in order. */
  readonly requests: readonly FarEndRequest[];
  /** What broke the contract; none is to. */
  readonly faults: readonly string[];
  /** Answers the next request so, whatever is in it. */
  answerNext(answer: FarEndAnswer): void;
  close(): Promise<void>;
}

export async function startFarEnd(contract: Contract): Promise<FarEnd> {
  const requests: FarEndRequest[] = [];
  const faults: string[] = [];
  const planned: FarEndAnswer[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming).catch(() => null);
    // Given up by the sender in the middle.
    if (request === null) return;
    requests.push(request);
    const checked = contract(request);
    faults.push(...checked.faults, ...plainFaults(incoming, request));
    const { status, headers = {}, body = "" } = planned.shift() ?? checked.answer;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    faults,
    answerNext: (answer) => planned.push(answer),
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(incoming: IncomingMessage): Promise<FarEndRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  return { path: incoming.url ?? "", headers, text, body: parsed(text) };
}

function plainFaults({ method }: IncomingMessage, { headers, body }: FarEndRequest): string[] {
  return [
    ...(method === "POST" ? [] : [`the method is ${method}`]),
    ...(headers["content-type"] === "application/json" ? [] : [`the type is ${headers["content-type"]}`]),
    ...(body === undefined ? ["the body is not JSON"] : []),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
