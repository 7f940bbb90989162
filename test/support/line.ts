/** A line over TCP to a server that listens on a socket of Unix, as the tests' database does, and that can be cut. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface Line {
  readonly port: number;
  /** Ends what is connected; what comes is refused until the line is mended. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** @param path of the socket that it leads to */
export async function openLine(path: string): Promise<Line> {
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number) => {
    server = createServer((near) => {
      const far = connect(path);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on("error", () => undefined);
        from.once("close", () => {
          sockets.delete(from);
          to.destroy();
        });
      }
    }).listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    cut: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      await listen(port);
    },
  };
}
