-- Hosts, what belongs to them, and who may ask: the part that Prisma models (prisma/schema.prisma).
-- New tables only; takes no lock that anyone waits for.

CREATE TYPE "namespace_kind" AS ENUM ('ROOT', 'CONTAINER', 'OTHER');

CREATE TABLE "host" (
    "id" SERIAL NOT NULL,
    "agent_id" UUID NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "name" TEXT NOT NULL,
    "machine_id" TEXT,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "first_seen" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "host_status" (
    "host_id" INTEGER NOT NULL,
    "last_seen" TIMESTAMPTZ(3) NOT NULL,
    "epoch_id" INTEGER NOT NULL,
    "every_ms" INTEGER NOT NULL,
    "agent_version" TEXT NOT NULL,
    "clock_skew_ms" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "host_status_pkey" PRIMARY KEY ("host_id")
);

CREATE TABLE "namespace" (
    "id" INTEGER NOT NULL,
    "host_id" INTEGER NOT NULL,
    "kind" "namespace_kind" NOT NULL,
    "boot_id" UUID,
    "inode" TEXT,
    "birth" BIGINT,
    "container_id" TEXT,
    "name" TEXT,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "first_seen" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "namespace_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "epoch" (
    "id" SERIAL NOT NULL,
    "host_id" INTEGER NOT NULL,
    "boot_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "kernel" TEXT NOT NULL,
    "arch" TEXT NOT NULL,
    "word_size" INTEGER NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "epoch_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "counter" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "counter_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "layout" (
    "id" SERIAL NOT NULL,
    "hash" TEXT NOT NULL,
    "counter_ids" INTEGER[],

    CONSTRAINT "layout_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "token" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "prefix" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "token_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "session" (
    "hash" BYTEA NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "sign_in_link" (
    "hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_link_pkey" PRIMARY KEY ("hash")
);

CREATE UNIQUE INDEX "host_agent_id_key" ON "host"("agent_id");

CREATE INDEX "host_name_idx" ON "host"("name");

CREATE UNIQUE INDEX "namespace_host_id_boot_id_inode_birth_key" ON "namespace"("host_id", "boot_id", "inode", "birth");

CREATE UNIQUE INDEX "epoch_host_id_boot_id_number_key" ON "epoch"("host_id", "boot_id", "number");

CREATE UNIQUE INDEX "counter_name_key" ON "counter"("name");

CREATE UNIQUE INDEX "layout_hash_key" ON "layout"("hash");

CREATE UNIQUE INDEX "token_hash_key" ON "token"("hash");

ALTER TABLE "namespace" ADD CONSTRAINT "namespace_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "epoch" ADD CONSTRAINT "epoch_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A host has one root namespace. The constraint above does not say so: its other columns are null there,
-- and nulls are distinct. Prisma cannot express a partial index.
CREATE UNIQUE INDEX "namespace_host_id_root_key" ON "namespace"("host_id") WHERE "kind" = 'ROOT';

-- Namespace ids come from two ranges, so that short-lived containers do not thin out the blocks of 256
-- (a shard: id >> 8) that the roots fill.
CREATE SEQUENCE "namespace_root_id" AS integer MINVALUE 256 MAXVALUE 1073741823;
CREATE SEQUENCE "namespace_other_id" AS integer MINVALUE 1073741824 MAXVALUE 2147483647;
