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
ALTER TABLE "detect_state" ADD COLUMN "burns" BYTEA;

CREATE TABLE "detect_burn" (
    "shard" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "ring" BYTEA NOT NULL,

    CONSTRAINT "detect_burn_pkey" PRIMARY KEY ("shard", "role")
);
