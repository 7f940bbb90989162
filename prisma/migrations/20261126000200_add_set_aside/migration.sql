-- What the rollup could not read, and leaves alone until it is looked at again (src/store/rollup/set-aside.ts). A
-- new table; holds up nobody.
CREATE TABLE "ts"."set_aside" (
    "shard" INTEGER NOT NULL,
    -- -1 for an hour of the shard of which the minutes cannot be read.
    "namespace_id" INTEGER NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    -- The minutes that are not rolled up lie between these two, which are among them.
    "first_minute" TIMESTAMPTZ(3) NOT NULL,
    "last_minute" TIMESTAMPTZ(3) NOT NULL,
    -- What is wrong, and what a person can do.
    "why" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "retry_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "set_aside_pkey" PRIMARY KEY ("shard", "namespace_id", "hour")
);
