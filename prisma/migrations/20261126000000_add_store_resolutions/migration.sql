-- The store at all its resolutions: hours beside minutes, gauges, listeners, and hours of snapshots that have
-- been compacted. New tables, and one column without a default: takes no lock that anyone waits for.

-- Which namespaces a commit has touched in the minute, so that a minute that is still open is brought up to
-- date without reading all of its shard. Null: any of them.
ALTER TABLE "ts"."mark" ADD COLUMN "namespaces" INTEGER[];

-- Compacted hours. A snapshot of such an hour is no longer in ts.snapshot, whose partition is gone.
CREATE TABLE "ts"."compacted_hour" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "compacted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compacted_hour_pkey" PRIMARY KEY ("hour")
);

-- One row for each namespace and hour: the hour's snapshots column by column (src/store/codec/hour.ts). Rows of
-- an hour that is not in ts.compacted_hour are a compaction under way, and no reader's concern.
CREATE TABLE "ts"."snapshot_hour" (
    "shard" INTEGER NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "snapshots" INTEGER NOT NULL,
    -- The epochs and layouts that its snapshots are of.
    "epochs" INTEGER[] NOT NULL,
    "layouts" INTEGER[] NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "snapshot_hour_pkey" PRIMARY KEY ("shard", "namespace_id", "hour")
) PARTITION BY RANGE ("hour");
-- Compressed already: the server's own compression would only cost.
ALTER TABLE "ts"."snapshot_hour" ALTER COLUMN "data" SET STORAGE EXTERNAL;

-- Which shards of an hour are compacted, before the hour as a whole is: how many snapshots went into its rows.
CREATE TABLE "ts"."compaction" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "shard" INTEGER NOT NULL,
    "snapshots" BIGINT NOT NULL,

    CONSTRAINT "compaction_pkey" PRIMARY KEY ("hour", "shard")
);

-- Snapshots that arrived for an hour after it was compacted, until a job merges them into ts.snapshot_hour.
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

-- An hour of a shard one of whose minutes was rolled up anew; append-only, as ts.mark is and for the same reason.
CREATE TABLE "ts"."hour_mark" (
    "shard" INTEGER NOT NULL,
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "hour" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "hour_mark_pkey" PRIMARY KEY ("shard", "id")
);

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
