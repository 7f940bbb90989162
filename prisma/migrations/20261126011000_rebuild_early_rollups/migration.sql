-- Minutes that were rolled up before the packed forms of today, which no reader knows any more: they go, and are
-- rolled up again from their snapshots, all of which that version kept. Reads every row of ts.coverage once.
CREATE TEMPORARY TABLE "early_minute" AS
    SELECT DISTINCT c."shard", c."bucket" FROM "ts"."coverage" c
    WHERE octet_length(c."data") > 0 AND (
        -- Its sparse form began with 0, which none does now,
        get_byte(c."data", 0) = 0
        -- and its dense form with 1, as one of today's does; but its rows have no rates.
        OR (get_byte(c."data", 0) = 1
            AND EXISTS (SELECT FROM "ts"."rollup_minute" r WHERE r."shard" = c."shard" AND r."bucket" = c."bucket")
            AND NOT EXISTS (SELECT FROM "ts"."rollup_minute" r
                            WHERE r."shard" = c."shard" AND r."bucket" = c."bucket" AND r."rate" IS NOT NULL)
            AND EXISTS (SELECT FROM "ts"."snapshot" s
                        WHERE s."shard" = c."shard" AND s."at" >= c."bucket" AND s."at" < c."bucket" + interval '1 minute'))
    );

DELETE FROM "ts"."rollup_minute" r USING "early_minute" e WHERE r."shard" = e."shard" AND r."bucket" = e."bucket";
DELETE FROM "ts"."coverage" c USING "early_minute" e WHERE c."shard" = e."shard" AND c."bucket" = e."bucket";
INSERT INTO "ts"."mark" ("shard", "minute") SELECT "shard", "bucket" FROM "early_minute";

DROP TABLE "early_minute";
