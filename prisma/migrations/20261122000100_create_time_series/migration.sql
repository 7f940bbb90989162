-- The time series, in a schema of their own: partitioned, which Prisma does not model, and free of foreign
-- keys, so that partitions can be dropped and the tables distributed (docs/adr/0003-storage-layout.md).
-- Every key begins with the shard, a block of 256 namespaces (namespace_id >> 8): the unit of everything
-- that runs in parallel. New tables only; takes no lock that anyone waits for.
CREATE SCHEMA "ts";

-- One row for each snapshot: all counters of one namespace at one moment. Read by namespace and time,
-- dropped by the hour, hence hourly partitions: expiry is DROP TABLE, never DELETE.
CREATE TABLE "ts"."snapshot" (
    "shard" INTEGER NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "epoch_id" INTEGER NOT NULL,
    "uptime_ms" BIGINT NOT NULL,
    "every_ms" INTEGER NOT NULL,
    -- Bit 0: born after the previous scan, counts from zero.
    "flags" SMALLINT NOT NULL,
    "layout_id" INTEGER NOT NULL,
    -- One unsigned varint for each counter of the layout (src/store/codec/values.ts).
    "values" BYTEA NOT NULL,
    -- Listening sockets sampled since the previous snapshot.
    "listeners" BYTEA,

    CONSTRAINT "snapshot_pkey" PRIMARY KEY ("shard", "namespace_id", "at")
) PARTITION BY RANGE ("at");

-- Work to be done: a minute of a shard that a commit has touched. Append-only, so that a mark made while a
-- worker rolls the minute up is another row and survives that worker's delete.
CREATE TABLE "ts"."mark" (
    "shard" INTEGER NOT NULL,
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "minute" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mark_pkey" PRIMARY KEY ("shard", "id")
);

-- What each counter did in each minute of a shard: one row where anything happened, none where nothing did.
CREATE TABLE "ts"."rollup_minute" (
    "shard" INTEGER NOT NULL,
    "counter_id" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    -- Sum of the increases of the shard's namespaces, exact: 256 of them exceed a bigint.
    "total" NUMERIC NOT NULL,
    -- The part of it that no rate may use: since boot, or over a gap.
    "unrated" NUMERIC NOT NULL,
    -- Namespaces that it moved in, and the highest increase of one.
    "affected" INTEGER NOT NULL,
    "peak" NUMERIC NOT NULL,
    -- The increase of each of the 256 positions (src/store/codec/positions.ts).
    "data" BYTEA NOT NULL,

    CONSTRAINT "rollup_minute_pkey" PRIMARY KEY ("shard", "bucket", "counter_id")
) PARTITION BY RANGE ("bucket");

-- An unfiltered trend reads this index alone.
CREATE INDEX "rollup_minute_trend" ON "ts"."rollup_minute" ("counter_id", "bucket")
    INCLUDE ("total", "unrated", "peak");

-- Who reported in a minute, with which layout and for how long: without it, "did not move" and "was not
-- there" look the same.
CREATE TABLE "ts"."coverage" (
    "shard" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "layout_id" INTEGER NOT NULL,
    -- Written while the minute was open: only event counters are rolled up there yet.
    "open" BOOLEAN NOT NULL,
    -- Namespaces with a rated interval; one that gave a baseline only is in the data, and not here.
    "reporters" INTEGER NOT NULL,
    -- Sum of the rated intervals that ended in the minute, in ms.
    "covered_ms" BIGINT NOT NULL,
    -- Covered ms of each position that reported (src/store/codec/positions.ts).
    "data" BYTEA NOT NULL,

    CONSTRAINT "coverage_pkey" PRIMARY KEY ("shard", "bucket", "layout_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "coverage_trend" ON "ts"."coverage" ("bucket", "layout_id")
    INCLUDE ("open", "reporters", "covered_ms");

-- Makes the partition of a table in "ts" that begins at `lower`, unless it is there; says whether it made it.
-- The table is made apart and then attached: ATTACH lets readers and writers of the parent go on, which
-- CREATE TABLE ... PARTITION OF does not. Creators wait for each other on an advisory lock.
CREATE FUNCTION "ts"."ensure_partition"("parent" TEXT, "lower" TIMESTAMPTZ, "upper" TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE plpgsql AS $$
DECLARE
    partition TEXT := format('%s_%s', parent, to_char(lower AT TIME ZONE 'UTC', 'YYYYMMDDHH24'));
BEGIN
    PERFORM pg_advisory_xact_lock(72707370, 0);
    -- Asked of the catalog's table, by a statement of its own after the lock: to_regclass may answer from a
    -- cache that has not heard yet of what another creator has just committed.
    IF EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'ts'::regnamespace AND relname = partition) THEN
        RETURN FALSE;
    END IF;
    EXECUTE format('CREATE TABLE ts.%I (LIKE ts.%I INCLUDING ALL)', partition, parent);
    EXECUTE format('ALTER TABLE ts.%I ATTACH PARTITION ts.%I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, lower, upper);
    RETURN TRUE;
END
$$;
