-- What agents say of a host besides counters: what they can see, kernel settings, how they do, goodbyes.
-- Columns with constant defaults or none: no table is rewritten.
ALTER TABLE "host" ADD COLUMN "capabilities" JSONB NOT NULL DEFAULT '[]';

ALTER TABLE "host_status" ADD COLUMN "health" JSONB,
ADD COLUMN "goodbye" TEXT,
ADD COLUMN "goodbye_at" TIMESTAMPTZ(3);

ALTER TABLE "namespace" ADD COLUMN "sysctls" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "sysctls_at" TIMESTAMPTZ(3);
