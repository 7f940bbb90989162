-- What the commonest questions ask of rollups, in an index: rates of everybody without a look at who they are, and
-- how many moved. Columns without a default: no table is rewritten. The indexes are built anew, and rollups wait
-- for that; pushes do not.

-- The sum of the namespaces' rates, per second: each what it grew by in rated intervals, over the time that these
-- took. Null where it was not told: in rows from before this, and where one of the namespaces reported with several
-- layouts.
ALTER TABLE "ts"."rollup_minute" ADD COLUMN "rate" DOUBLE PRECISION;
ALTER TABLE "ts"."rollup_hour" ADD COLUMN "rate" DOUBLE PRECISION;

DROP INDEX "ts"."rollup_minute_trend";
CREATE INDEX "rollup_minute_trend" ON "ts"."rollup_minute" ("counter_id", "bucket")
    INCLUDE ("shard", "total", "affected", "peak", "rate");
DROP INDEX "ts"."rollup_hour_trend";
CREATE INDEX "rollup_hour_trend" ON "ts"."rollup_hour" ("counter_id", "bucket")
    INCLUDE ("shard", "total", "affected", "peak", "rate");

-- A bit for each position that had a rated interval in every minute of the hour, the lowest bit of the first byte
-- for position 0; null where there is none, and in rows from before this.
ALTER TABLE "ts"."coverage_hour" ADD COLUMN "steady" BYTEA;
