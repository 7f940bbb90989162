import { Socket } from "node:net";

/**
 * A socket that gives up a connection of which nothing has been heard or sent for so long.
 *
 * The server's own timeouts are of no use when its answers are lost on the way: whoever waits for one waits as long as
 * the kernel keeps the connection, for hours, and holds its place in the pool.
 *
 * @param silentMs more than a connection that is alive is ever silent
 */
export function impatientSocket(silentMs: number): Socket {
  const socket = new Socket();
  socket.setTimeout(silentMs, () => {
    socket.destroy(
      new Error(`Connection terminated: nothing was heard of Postgres for ${silentMs / 1000} s`),
    );
  });
  return socket;
}
