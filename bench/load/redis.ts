/** A Redis as operations.md asks for it: nothing evicted, its log synced each second. */
import { join } from "node:path";
import { hasRedis, redisAnswers } from "../../test/support/redis.ts";
import type { Started, Workshop } from "../support/workshop.ts";

export interface LoadRedis {
  readonly url: string;
  readonly process: Started;
}

/** Started on a socket of the run's own; null where Redis is not installed. */
export async function startRedis(shop: Workshop): Promise<LoadRedis | null> {
  if (!hasRedis) return null;
  const folder = shop.newFolder("redis");
  const socket = join(folder, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""];
  const durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"];
  const process = shop.start("redis-server", [...settings, ...durable]);
  await redisAnswers(socket);
  return { url: `unix://${socket}`, process };
}
