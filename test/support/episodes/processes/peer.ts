/**
 * Holds the namespace of the peers, and is the service that the agent pushes to: it hands each push to its
 * parent, and answers what that says.
 */
import { createServer, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { options, tell } from "../../../../src/drill/processes/process.ts";
import type { AnswerMessage, PushMessage } from "../messages.ts";

const { port } = options<{ readonly port: number }>();
const waiting = new Map<number, ServerResponse>();
let pushes = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    const message: PushMessage = { kind: "push", id: pushes++, push: JSON.parse(plain.toString("utf8")) };
    waiting.set(message.id, response);
    tell(message);
  });
});
// One connection for all pushes: others would count among those that the episode opens.
server.keepAliveTimeout = 0;
server.listen(port, "0.0.0.0", () => tell({ listening: port }));

process.on("message", ({ id, answered }: AnswerMessage) => {
  waiting.get(id)?.writeHead(answered.status, { "content-type": "application/json" }).end(answered.body);
  waiting.delete(id);
});
