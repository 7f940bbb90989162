-- A silence that is maintenance keeps incidents from being opened, and not only from being told of.
ALTER TABLE "silence" ADD COLUMN "maintenance" BOOLEAN NOT NULL DEFAULT false;
