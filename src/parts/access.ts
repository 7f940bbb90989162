import { Access } from "../http/access.ts";
import { openLimitsRedis } from "../http/limits-redis.ts";
import { Proxies } from "../http/proxies.ts";
import { RateLimits } from "../http/rate-limits.ts";
import { Actors } from "../store/actors.ts";
import type { PrismaClient } from "../store/client.ts";
import type { Service } from "./service.ts";

/** Who may come in, and how often. */
export async function startAccess({ config, life, log, now }: Service, db: PrismaClient): Promise<Access> {
  const { redisUrl, rateLimits, publicUrl } = config;
  const limits = await life.start("rate limits", () => {
    if (redisUrl === null) return { value: new RateLimits(rateLimits, null) };
    const { redis, close } = openLimitsRedis(redisUrl, log);
    return { value: new RateLimits(rateLimits, redis), stop: close };
  });
  const actors = new Actors({
    db,
    now,
    onError: (error) => log.warn({ err: error }, "cannot write when a token was last used"),
  });
  return new Access({ actors, proxies: new Proxies(config.proxies), limits, publicUrl });
}
