-- What detection remembers. Both tables are new, so nothing is locked.
--
-- The state of a shard is a row of its own, named by the shard alone, so that it can be distributed as the time
-- series are. Incidents group hosts of all shards: their book is one row, beside the tables of incidents.
CREATE TABLE "detect_state" (
    "shard" INTEGER NOT NULL,
    "judged_to" TIMESTAMPTZ(3) NOT NULL,
    "baselines" BYTEA,
    "lasting" JSONB NOT NULL,
    "watched" INTEGER[],

    CONSTRAINT "detect_state_pkey" PRIMARY KEY ("shard")
);

CREATE TABLE "detect_book" (
    "id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "detect_book_pkey" PRIMARY KEY ("id")
);
