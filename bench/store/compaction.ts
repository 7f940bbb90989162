import type { PrismaClient } from "../../src/store/client.ts";

/** Compacts every hour that is over at `now`, as the service's job does. */
export type Compact = (db: PrismaClient, now: number) => Promise<void>;

/** Null as long as the store compacts nothing: then raw bytes alone are told. */
export const compact: Compact | null = null;
