-- How loudly an incident is told, by which other one it is explained, and what handshakes were lost for how long.
--
-- New columns of `incident` are nullable or have a constant default, so that no row is rewritten and the table is
-- locked for a moment only; it holds incidents and no time series. What the service of before writes stays right.
CREATE TYPE "urgency" AS ENUM ('NOTE', 'TICKET', 'PAGE');

ALTER TYPE "cause" ADD VALUE 'SLO_BURN' BEFORE 'UNKNOWN';

ALTER TYPE "timeline_kind" ADD VALUE 'URGENCY_CHANGED' AFTER 'CAUSE_CHANGED';
ALTER TYPE "timeline_kind" ADD VALUE 'INHIBITED' AFTER 'FLAPPING';
ALTER TYPE "timeline_kind" ADD VALUE 'RELEASED' AFTER 'INHIBITED';

ALTER TABLE "incident"
    ADD COLUMN "urgency" "urgency" NOT NULL DEFAULT 'NOTE',
    ADD COLUMN "inhibited_by" INTEGER;

CREATE INDEX "incident_inhibited_by_idx" ON "incident"("inhibited_by");

ALTER TABLE "incident" ADD CONSTRAINT "incident_inhibited_by_fkey"
    FOREIGN KEY ("inhibited_by") REFERENCES "incident"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- The handshakes of hosts lie with the state of their shard; those of a role in rows of their own, one for each shard
-- that has hosts of it, so that no two shards write one row.
ALTER TABLE "detect_state"
    ADD COLUMN "burns" BYTEA,
    ADD COLUMN "burning" INTEGER[];

CREATE TABLE "detect_burn" (
    "shard" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "ring" BYTEA NOT NULL,
    "host_ids" INTEGER[],

    CONSTRAINT "detect_burn_pkey" PRIMARY KEY ("shard", "role")
);

-- Since when the segments of hosts stand still, by host.
ALTER TABLE "detect_state" ADD COLUMN "still" JSONB NOT NULL DEFAULT '{}';

-- Faults of the data that a rollup has met, for detection to judge; kept for as long as anything is judged.
CREATE TABLE "data_problem" (
    "shard" INTEGER NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "fell" INTEGER[],

    CONSTRAINT "data_problem_pkey" PRIMARY KEY ("shard", "minute", "namespace_id")
);

-- Minutes that were rolled up and not judged since. Rows are only ever added by who rolls up, and deleted by who has
-- judged what they stand for: none that comes meanwhile is lost.
CREATE TABLE "rolled_minute" (
    "id" BIGSERIAL NOT NULL,
    "shard" INTEGER NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rolled_minute_pkey" PRIMARY KEY ("shard", "id")
);

-- Grows with each judgement that was kept, so that a process knows whether what it holds is the newest.
ALTER TABLE "detect_state" ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 0;
