import { createServer } from "node:http";
import { requestService, type ServiceAddress } from "./service.ts";

/**
 * A way to the service for an agent in a network of its own: a socket in the file system, which is in no network.
 * What comes to it goes to the service as it is.
 *
 * @returns how to close it
 */
export async function openDoor(
  path: string,
  service: Pick<ServiceAddress, "url" | "ca">,
): Promise<() => void> {
  const server = createServer((request, response) => {
    const { method, url = "/", headers } = request;
    const { host: _host, ...passed } = headers;
    const onward = requestService(service, url, { method, headers: passed }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    // To the agent it is as if the service did not answer: it keeps what it has, and tries again.
    onward.once("error", () => response.destroy());
    onward.once("timeout", () => onward.destroy());
    request.pipe(onward);
  });
  // One connection for all pushes.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
