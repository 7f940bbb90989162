import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import { rootCertificates } from "node:tls";
import { SpillwayError } from "../errors.ts";

/** The service that a drill is seen by. */
export interface ServiceAddress {
  readonly url: URL;
  /** A token that may read. */
  readonly token: string;
  /** A certificate to be believed beside the usual ones, in PEM; null where it is not needed. */
  readonly ca: string | null;
}

const TIMEOUT_MS = 10_000;

/** A request to the service, which the caller writes and ends. */
export function requestService(
  { url, ca }: Pick<ServiceAddress, "url" | "ca">,
  path: string,
  options: Pick<RequestOptions, "method" | "headers">,
  answered: (response: IncomingMessage) => void,
): ClientRequest {
  const to = new URL(url.pathname.replace(/\/$/, "") + path, url);
  const send = to.protocol === "https:" ? requestHttps : requestHttp;
  const trust = ca === null ? {} : { ca: [...rootCertificates, ca] };
  return send(to, { ...options, ...trust, timeout: TIMEOUT_MS }, answered);
}

/**
 * Asks the service by GraphQL.
 *
 * @throws UNAVAILABLE where it does not answer, or not as a Spillway; the service's own code where that refuses
 */
export async function askService<T>(
  address: ServiceAddress,
  query: string,
  variables: object = {},
): Promise<T> {
  const body = JSON.stringify({ query, variables });
  const text = await post(address, body);
  const answer = parse(text) as Answer<T> | null;
  if (answer?.data != null && answer.errors === undefined) return answer.data;
  const fault = answer?.errors?.[0];
  const code = fault?.extensions?.code ?? answer?.code;
  const message = fault?.message ?? answer?.detail;
  if (message === undefined) throw unavailable(address, `it does not speak as one: ${text.slice(0, 100)}`);
  const isRefusal = code === "UNAUTHENTICATED" || code === "FORBIDDEN";
  throw new SpillwayError(isRefusal ? code : "UNAVAILABLE", `the service says: ${message}`);
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code: string } }[];
  /** Of a problem (RFC 9457). */
  readonly code?: string;
  readonly detail?: string;
}

function post(address: ServiceAddress, body: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${address.token}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(unavailable(address, error.message || String(error), error));
    const request = requestService(address, "/graphql", { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("end", () => resolve(text)).once("error", fail);
    });
    request.once("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
    request.once("error", fail);
    request.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unavailable({ url }: ServiceAddress, why: string, cause?: Error): SpillwayError {
  const message = `no Spillway answers at ${url.origin}: ${why}; start it (npm start), or name it by --server`;
  return new SpillwayError("UNAVAILABLE", message, { cause });
}
