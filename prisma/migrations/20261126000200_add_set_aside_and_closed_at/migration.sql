-- What the rollup could not read, and leaves alone until it is looked at again (src/store/rollup/set-aside.ts), when
-- listeners were closed, and which containers that have ended count. A new table, and columns without a default:
-- holds up nobody for longer than a moment.
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

-- Whether an hour says something of a namespace that is idle: one of which none does is forgotten sooner
-- (docs/adr/0011-container-namespaces.md). Null while nobody looked.
ALTER TABLE "namespace" ADD COLUMN "counted" BOOLEAN;
