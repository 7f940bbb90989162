import type pg from "pg";

/**
 * Keeps the process alive when a connection of a pool breaks while nobody listens to it: the pool takes its own listener
 * away as it hands a connection out, and whoever asked adds one a turn later. A server that stops says so in the very
 * packet that says that it is ready, and an 'error' without a listener ends a process.
 *
 * Nothing is hidden by it: the statement in hand and the next one fail with it, and the pool tells of idle connections.
 */
export function outliveConnections(pool: pg.Pool): void {
  pool.on("connect", (client) => client.on("error", () => undefined));
}
