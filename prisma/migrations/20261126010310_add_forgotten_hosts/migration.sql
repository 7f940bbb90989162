-- A host that is forgotten is hidden, and goes for good when no snapshot of it is left. Null: no row is rewritten.
ALTER TABLE "host" ADD COLUMN "forgotten_at" TIMESTAMPTZ(3);

-- Asked each second, whether any host that was just heard of is among them: they are few beside all the others.
CREATE INDEX "host_forgotten_key" ON "host"("id") WHERE "forgotten_at" IS NOT NULL;
