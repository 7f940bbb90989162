-- What the rollup could not read, and leaves alone until it is looked at again (src/store/rollup/set-aside.ts), and
-- when listeners were closed. A new table and a column without a default: holds up nobody for longer than a moment.
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

-- When the first complete list was taken, since it was listed last, that does not have it; null while none has.
ALTER TABLE "listener" ADD COLUMN "closed_at" TIMESTAMPTZ(3);
