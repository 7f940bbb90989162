/**
 * A far end that holds every request to a contract. What breaks it is kept and answered as the real one does, so that
 * a test cannot overlook it.
 */
import type { z } from "zod";
import { type Asked, type FarEnd, startFarEnd } from "../far-end.ts";

export interface PlannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Request extends Asked {
  /** Parsed. */
  readonly json: unknown;
}

/** @returns what a request breaks, and the answer that the real one gives */
export type Contract = (request: Request) => {
  readonly faults: readonly string[];
  readonly answer: PlannedAnswer;
};

export interface HeldFarEnd extends Pick<FarEnd, "url" | "connections" | "close"> {
  readonly host: string;
  /** All that came, in order. */
  readonly requests: readonly Request[];
  /** What broke the contract; none is to. */
  readonly faults: readonly string[];
  /** Answers the next request so, whatever is in it. */
  answerNext(answer: PlannedAnswer): void;
}

export async function holdTo(contract: Contract): Promise<HeldFarEnd> {
  const requests: Request[] = [];
  const faults: string[] = [];
  const planned: PlannedAnswer[] = [];
  const { url, connections, close } = await startFarEnd((response, asked) => {
    const request = { ...asked, json: parsed(asked.body) };
    requests.push(request);
    const checked = contract(request);
    faults.push(...checked.faults, ...plainFaults(request));
    const { status, headers = {}, body = "" } = planned.shift() ?? checked.answer;
    response.writeHead(status, headers).end(body);
  });
  return {
    url,
    connections,
    close,
    host: new URL(url).host,
    requests,
    faults,
    answerNext: (answer) => planned.push(answer),
  };
}

function plainFaults({ method, headers, json }: Request): string[] {
  const type = headers["content-type"];
  return [
    ...(method === "POST" ? [] : [`the method is ${method}`]),
    ...(type === "application/json" ? [] : [`the type is ${type}`]),
    ...(json === undefined ? ["the body is not JSON"] : []),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a value breaks of a schema. */
export function schemaFaults(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}
