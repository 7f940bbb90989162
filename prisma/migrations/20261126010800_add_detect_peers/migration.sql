-- Which hosts differ from the others of their roles. The table is new, so nothing is locked.
CREATE TABLE "detect_peers" (
    "id" INTEGER NOT NULL,
    "judged_to" TIMESTAMPTZ(3) NOT NULL,
    "lasting" JSONB NOT NULL,
    "known" JSONB NOT NULL,

    CONSTRAINT "detect_peers_pkey" PRIMARY KEY ("id")
);
