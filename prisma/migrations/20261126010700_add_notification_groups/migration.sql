-- What receivers have been told, and what they are to be told next. New columns are null or have a default that is
-- kept in the catalogue: no row is rewritten.
CREATE TYPE "told" AS ENUM ('NOTHING', 'FIRING', 'RESOLVED');

CREATE TABLE "notification_group" (
    "id" BIGSERIAL NOT NULL,
    "receiver" TEXT NOT NULL,
    "route" TEXT NOT NULL,
    "labels" JSONB NOT NULL,
    "identity" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL DEFAULT 0,
    "sent_at" TIMESTAMPTZ(3),
    "news_since" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "notification_group_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notification_group_incident" (
    "incident_id" INTEGER NOT NULL,
    "receiver" TEXT NOT NULL,
    "group_id" BIGINT NOT NULL,
    "told" "told" NOT NULL DEFAULT 'NOTHING',
    "saying" TEXT,
    "acknowledged" BOOLEAN NOT NULL DEFAULT false,
    "first_labels" JSONB,

    CONSTRAINT "notification_group_incident_pkey" PRIMARY KEY ("incident_id","receiver")
);

CREATE TABLE "receiver_state" (
    "name" TEXT NOT NULL,
    "settings" TEXT NOT NULL,
    "tried_at" TIMESTAMPTZ(3) NOT NULL,
    "failing_since" TIMESTAMPTZ(3),
    "status" INTEGER,
    "answer" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "receiver_state_pkey" PRIMARY KEY ("name")
);

ALTER TABLE "delivery" ADD COLUMN "group_id" BIGINT, ADD COLUMN "claimed_until" TIMESTAMPTZ(3);
ALTER TABLE "delivery_incident" ADD COLUMN "firing" BOOLEAN NOT NULL DEFAULT true;

CREATE UNIQUE INDEX "notification_group_receiver_identity_key" ON "notification_group"("receiver", "identity");
CREATE INDEX "notification_group_due_at_idx" ON "notification_group"("due_at");
CREATE INDEX "notification_group_incident_group_id_idx" ON "notification_group_incident"("group_id");
CREATE INDEX "delivery_receiver_next_try_at_idx" ON "delivery"("receiver", "next_try_at");
CREATE INDEX "delivery_claimed_until_idx" ON "delivery"("claimed_until");
CREATE INDEX "delivery_group_id_idx" ON "delivery"("group_id");

ALTER TABLE "notification_group_incident" ADD CONSTRAINT "notification_group_incident_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "notification_group_incident" ADD CONSTRAINT "notification_group_incident_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "notification_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "notification_group"("id") ON DELETE SET NULL ON UPDATE CASCADE;
