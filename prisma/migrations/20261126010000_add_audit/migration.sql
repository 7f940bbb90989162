-- Who changed what. No relation to what was changed: the log outlives it.
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- What a token may speak for, and when it was last shown. Constant defaults: no row is rewritten.
ALTER TABLE "token" ADD COLUMN "host_pattern" TEXT,
ADD COLUMN "forced_labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "last_used_at" TIMESTAMPTZ(3),
ADD COLUMN "created_by" TEXT;
