-- What happened beside what the hosts report: deploys, maintenance, notes. Read by time; a few thousand rows.
CREATE TABLE "event" (
    "id" SERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "matchers" JSONB NOT NULL DEFAULT '[]',
    "url" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "event_at_idx" ON "event"("at");

-- Reboots are seen in the epochs, by when they were. A row for each boot of each host: made in a moment.
CREATE INDEX "epoch_seen_at_idx" ON "epoch"("seen_at");
