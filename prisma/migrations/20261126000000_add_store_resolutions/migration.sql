-- The store at all its resolutions: hours beside minutes, gauges, listeners, and hours of snapshots that have
-- been compacted. New tables, and one column without a default: holds up nobody for longer than a moment.

-- Hours that are sealed: their partition of ts.snapshot takes no more rows, and those that still come go to
-- ts.snapshot_late. From "compacted_at" on the partition is gone, and ts.snapshot_hour holds its snapshots.
-- A row is also the lock of its hour: FOR SHARE who adds late snapshots or stages rows, FOR UPDATE who takes
-- the one or the other as complete.
CREATE TABLE "ts"."compacted_hour" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "compacted_at" TIMESTAMPTZ(3),

    CONSTRAINT "compacted_hour_pkey" PRIMARY KEY ("hour")
);

-- One row for each namespace and hour: the hour's snapshots column by column (src/store/codec/hour.ts). Rows of
-- an hour that ts.compacted_hour does not call compacted are staged, and no reader's concern.
CREATE TABLE "ts"."snapshot_hour" (
    "shard" INTEGER NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    -- Of its newest snapshot with listeners; null where none has any.
    "last_listeners_at" TIMESTAMPTZ(3),
    "snapshots" INTEGER NOT NULL,
    -- The epochs and layouts that its snapshots are of.
    "epochs" INTEGER[] NOT NULL,
    "layouts" INTEGER[] NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "snapshot_hour_pkey" PRIMARY KEY ("shard", "namespace_id", "hour")
) PARTITION BY RANGE ("hour");
-- Compressed already: the server's own compression would only cost.
ALTER TABLE "ts"."snapshot_hour" ALTER COLUMN "data" SET STORAGE EXTERNAL;

-- Which shards of a sealed hour are staged, and how many snapshots went into their rows.
CREATE TABLE "ts"."compaction" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "shard" INTEGER NOT NULL,
    "snapshots" BIGINT NOT NULL,

    CONSTRAINT "compaction_pkey" PRIMARY KEY ("hour", "shard")
);

-- Snapshots that arrived for an hour after it was sealed, until a job merges them into ts.snapshot_hour.
CREATE TABLE "ts"."snapshot_late" (
    "shard" INTEGER NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "epoch_id" INTEGER NOT NULL,
    "uptime_ms" BIGINT NOT NULL,
    "every_ms" INTEGER NOT NULL,
    "flags" SMALLINT NOT NULL,
    "layout_id" INTEGER NOT NULL,
    "values" BYTEA NOT NULL,
    "listeners" BYTEA,

    CONSTRAINT "snapshot_late_pkey" PRIMARY KEY ("shard", "namespace_id", "at")
) PARTITION BY RANGE ("at");

-- As before, but a partition of ts.snapshot that was sealed is never made again: the answer is null then.
CREATE OR REPLACE FUNCTION "ts"."ensure_partition"("parent" TEXT, "lower" TIMESTAMPTZ, "upper" TIMESTAMPTZ) RETURNS BOOLEAN
LANGUAGE plpgsql AS $$
DECLARE
    partition TEXT := format('%s_%s', parent, to_char(lower AT TIME ZONE 'UTC', 'YYYYMMDDHH24'));
BEGIN
    PERFORM pg_advisory_xact_lock(72707370, 0);
    IF parent = 'snapshot' AND EXISTS (SELECT FROM ts.compacted_hour c WHERE c.hour = lower) THEN
        RETURN NULL;
    END IF;
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

-- Seals an hour: its partition refuses every row from here on, also one of a statement that began before. Waits
-- for whoever is using that partition, and for nobody else. NOT VALID: the rows that are there stay.
CREATE FUNCTION "ts"."seal_hour"("sealed" TIMESTAMPTZ) RETURNS VOID
LANGUAGE plpgsql AS $$
DECLARE
    partition TEXT := format('snapshot_%s', to_char(sealed AT TIME ZONE 'UTC', 'YYYYMMDDHH24'));
BEGIN
    IF EXISTS (SELECT FROM ts.compacted_hour c WHERE c.hour = sealed) THEN
        RETURN;
    END IF;
    EXECUTE format('ALTER TABLE ts.%I ADD CONSTRAINT snapshot_sealed CHECK (false) NOT VALID', partition);
    INSERT INTO ts.compacted_hour (hour) VALUES (sealed);
END
$$;

-- Drops the partition of a sealed hour and calls the hour compacted. DROP locks all of ts.snapshot until the
-- transaction ends: let it be short, and set lock_timeout.
CREATE FUNCTION "ts"."drop_sealed_hour"("sealed" TIMESTAMPTZ) RETURNS VOID
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE ts.%I', format('snapshot_%s', to_char(sealed AT TIME ZONE 'UTC', 'YYYYMMDDHH24')));
    UPDATE ts.compacted_hour c SET compacted_at = clock_timestamp() WHERE c.hour = sealed;
    DELETE FROM ts.compaction c WHERE c.hour = sealed;
END
$$;

-- An hour of a shard one of whose minutes was rolled up anew; append-only, as ts.mark is and for the same reason.
CREATE TABLE "ts"."hour_mark" (
    "shard" INTEGER NOT NULL,
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "hour" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "hour_mark_pkey" PRIMARY KEY ("shard", "id")
);

-- The hours of the minutes that are there already are yet to be made; in UTC, whatever the server's time zone.
INSERT INTO "ts"."hour_mark" ("shard", "hour")
SELECT DISTINCT "shard", date_trunc('hour', "bucket" AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM "ts"."coverage";

-- The same shapes as of minutes, made of them.
CREATE TABLE "ts"."rollup_hour" (
    "shard" INTEGER NOT NULL,
    "counter_id" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "total" NUMERIC NOT NULL,
    "unrated" NUMERIC NOT NULL,
    "affected" INTEGER NOT NULL,
    -- The highest increase of one namespace in the hour.
    "peak" NUMERIC NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "rollup_hour_pkey" PRIMARY KEY ("shard", "bucket", "counter_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "rollup_hour_trend" ON "ts"."rollup_hour" ("counter_id", "bucket")
    INCLUDE ("total", "unrated", "peak");

CREATE TABLE "ts"."coverage_hour" (
    "shard" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "layout_id" INTEGER NOT NULL,
    "reporters" INTEGER NOT NULL,
    "covered_ms" BIGINT NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "coverage_hour_pkey" PRIMARY KEY ("shard", "bucket", "layout_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "coverage_hour_trend" ON "ts"."coverage_hour" ("bucket", "layout_id")
    INCLUDE ("reporters", "covered_ms");

-- Gauges: the last, lowest and highest value of each namespace that showed one (src/store/codec/gauges.ts).
CREATE TABLE "ts"."gauge_minute" (
    "shard" INTEGER NOT NULL,
    "counter_id" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    -- Namespaces that showed it, and the sum of their last values.
    "reporters" INTEGER NOT NULL,
    "last" NUMERIC NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "gauge_minute_pkey" PRIMARY KEY ("shard", "bucket", "counter_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "gauge_minute_trend" ON "ts"."gauge_minute" ("counter_id", "bucket") INCLUDE ("reporters", "last");

CREATE TABLE "ts"."gauge_hour" (
    "shard" INTEGER NOT NULL,
    "counter_id" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "reporters" INTEGER NOT NULL,
    "last" NUMERIC NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "gauge_hour_pkey" PRIMARY KEY ("shard", "bucket", "counter_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "gauge_hour_trend" ON "ts"."gauge_hour" ("counter_id", "bucket") INCLUDE ("reporters", "last");

-- What a listening socket did in a minute in which it had a queue, gained drops, or was new or changed.
CREATE TABLE "ts"."listener_minute" (
    "shard" INTEGER NOT NULL,
    -- Of the table "listener".
    "listener_id" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "samples" INTEGER NOT NULL,
    "samples_full" INTEGER NOT NULL,
    "peak_queue" INTEGER NOT NULL,
    -- min(backlog, somaxconn): the kernel holds one more. Null when it was not seen.
    "limit" INTEGER,
    -- Growth of sk_drops over intervals in which ListenDrops of its namespace grew: a weight, not a count.
    "weight" BIGINT NOT NULL,

    CONSTRAINT "listener_minute_pkey" PRIMARY KEY ("shard", "bucket", "listener_id")
) PARTITION BY RANGE ("bucket");

CREATE INDEX "listener_minute_namespace" ON "ts"."listener_minute" ("namespace_id", "bucket");

-- The time up to which a shard has been rolled up: every minute before it was closed and had no mark left.
CREATE TABLE "ts"."shard" (
    "shard" INTEGER NOT NULL,
    "settled" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "shard_pkey" PRIMARY KEY ("shard")
);

-- A listening socket, as it was seen last: (namespace, inode) names it while it is open.
CREATE TABLE "listener" (
    "id" SERIAL NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "inode" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "owner" TEXT,
    "uid" INTEGER,
    "cgroup" TEXT,
    "limit" INTEGER,
    "limit_inferred" BOOLEAN NOT NULL DEFAULT false,
    "accept_queue" INTEGER,
    "first_seen" TIMESTAMPTZ(3) NOT NULL,
    "last_seen" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "listener_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "listener_namespace_id_inode_address_port_key" ON "listener"("namespace_id", "inode", "address", "port");

CREATE INDEX "listener_port_idx" ON "listener"("port");

-- Which namespaces a commit has touched in the minute, so that a minute that is still open is brought up to
-- date without reading all of its shard. Null: any of them. Last, because it locks the marks, which every push
-- writes, until the transaction ends.
ALTER TABLE "ts"."mark" ADD COLUMN "namespaces" INTEGER[];
