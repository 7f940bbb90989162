import type pg from "pg";
import { Gate } from "./gate.ts";

/** Connections that the API leaves to pushes, to jobs, and to the look at who asks. */
const LEFT = 3;
/** A statement of the API waits so long for its turn at most, and then for a connection like every other. */
const WAIT_MS = 15_000;

/**
 * A pool that hands out the connections of another, but not the last ones: one question may begin hundreds of
 * statements at once, and whoever comes behind them in the pool's one queue, a push or a token that is looked up,
 * would be told that the database does not answer.
 *
 * A transaction has its turn as long as its connection, and its statements need none of their own.
 *
 * @param size of the pool
 */
export function readPool(pool: pg.Pool, size: number): pg.Pool {
  const gate = new Gate(Math.max(1, size - LEFT), {
    waitMs: WAIT_MS,
    late: () => new Error(`timeout exceeded: ${WAIT_MS / 1000} s behind other statements of the API`),
  });
  const query = pool.query.bind(pool) as (...parameters: unknown[]) => Promise<unknown>;
  const connect = () =>
    new Promise<pg.PoolClient>((resolve, reject) => {
      const untilReleased = async () => {
        const client = await pool.connect();
        await new Promise<void>((released) => {
          const release = client.release.bind(client);
          client.release = (error) => {
            released();
            release(error);
          };
          resolve(client);
        });
      };
      gate.run(untilReleased).catch(reject);
    });
  return Object.create(pool, {
    query: { value: (...parameters: unknown[]) => gate.run(() => query(...parameters)) },
    connect: { value: connect },
    on: { value: pool.on.bind(pool) },
    removeListener: { value: pool.removeListener.bind(pool) },
  }) as pg.Pool;
}
