/** Where requests go, and by whose token; null for a server that asks for none. */
export interface Target {
  readonly port: number;
  readonly path: string;
  readonly token: string | null;
}

/** A POST over HTTP/1.1 on a connection that stays open, head and body, to be written as it is. */
export function postRequest(
  { port, path, token }: Target,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    ...(token === null ? [] : [`authorization: Bearer ${token}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
    "user-agent: spillway-bench",
    "connection: keep-alive",
    "\r\n",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}
