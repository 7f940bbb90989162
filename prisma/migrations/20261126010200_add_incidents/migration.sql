-- What detection finds, what people handle, and what they are told. All tables are new, so nothing is locked.
--
-- Anomalies have no relation and a key that begins with the host, so that they can be distributed. The tables of
-- incidents are small and stay together, with relations among themselves alone.
CREATE TYPE "severity" AS ENUM ('INFO', 'MINOR', 'MAJOR', 'CRITICAL');
CREATE TYPE "cause" AS ENUM ('DATA_PROBLEM', 'HOST_SILENT', 'RESTART', 'SERVICE_DOWN', 'APPLICATION_STALLED', 'APPLICATION_SLOW', 'ACCEPT_QUEUE_TOO_SMALL', 'SYN_FLOOD', 'SYN_QUEUE_FULL', 'MEMORY_PRESSURE', 'UPSTREAM_REFUSING', 'UPSTREAM_UNREACHABLE', 'INBOUND_SCAN', 'CLIENT_ABORTS', 'LOCAL_ABORTS', 'PATH_LOSS', 'PORT_EXHAUSTION', 'CONNECTION_LEAK', 'OTHER_LISTEN_DROPS', 'UNKNOWN');
CREATE TYPE "incident_status" AS ENUM ('OPEN', 'ACKNOWLEDGED', 'RESOLVED');
CREATE TYPE "timeline_kind" AS ENUM ('OPENED', 'REOPENED', 'SEVERITY_CHANGED', 'CAUSE_CHANGED', 'HOSTS_CHANGED', 'FLAPPING', 'ACKNOWLEDGED', 'RESOLVED', 'NOTE', 'RATED');
CREATE TYPE "delivery_kind" AS ENUM ('OPENED', 'CHANGED', 'ACKNOWLEDGED', 'RESOLVED', 'REMINDER', 'TEST');
CREATE TYPE "delivery_status" AS ENUM ('PENDING', 'DELIVERED', 'FAILED');

CREATE TABLE "anomaly" (
    "id" BIGSERIAL NOT NULL,
    "host_id" INTEGER NOT NULL,
    "namespace_id" INTEGER NOT NULL,
    "counter" TEXT NOT NULL DEFAULT '',
    "detector" TEXT NOT NULL,
    "severity" "severity" NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "value" DOUBLE PRECISION NOT NULL,
    "expected_low" DOUBLE PRECISION,
    "expected_high" DOUBLE PRECISION,
    "score" DOUBLE PRECISION NOT NULL,
    "explanation" TEXT NOT NULL,
    "incident_id" INTEGER,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "anomaly_pkey" PRIMARY KEY ("host_id","id")
);

CREATE TABLE "incident" (
    "id" SERIAL NOT NULL,
    "dedup_key" TEXT NOT NULL,
    "status" "incident_status" NOT NULL DEFAULT 'OPEN',
    "severity" "severity" NOT NULL,
    "cause" "cause" NOT NULL,
    "title" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "flapping" BOOLEAN NOT NULL DEFAULT false,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,
    "resolved_at" TIMESTAMPTZ(3),
    "loss_share" DOUBLE PRECISION,
    "loss_low" DOUBLE PRECISION,
    "loss_high" DOUBLE PRECISION,
    "diagnosis" JSONB,
    "useful" BOOLEAN,
    "revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "incident_host" (
    "incident_id" INTEGER NOT NULL,
    "host_id" INTEGER NOT NULL,
    "host_name" TEXT NOT NULL,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "left_at" TIMESTAMPTZ(3),

    CONSTRAINT "incident_host_pkey" PRIMARY KEY ("incident_id","host_id")
);

CREATE TABLE "timeline_entry" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "kind" "timeline_kind" NOT NULL,
    "text" TEXT NOT NULL,
    "key" TEXT,

    CONSTRAINT "timeline_entry_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notification_outbox" (
    "id" BIGSERIAL NOT NULL,
    "entry_id" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "notification_outbox_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "delivery" (
    "id" BIGSERIAL NOT NULL,
    "receiver" TEXT NOT NULL,
    "kind" "delivery_kind" NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "status" "delivery_status" NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_try_at" TIMESTAMPTZ(3),
    "next_try_at" TIMESTAMPTZ(3),
    "last_status" INTEGER,
    "last_answer" TEXT,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "delivery_incident" (
    "incident_id" INTEGER NOT NULL,
    "delivery_id" BIGINT NOT NULL,

    CONSTRAINT "delivery_incident_pkey" PRIMARY KEY ("incident_id","delivery_id")
);

CREATE TABLE "silence" (
    "id" SERIAL NOT NULL,
    "matchers" JSONB NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "recurring_window" JSONB,
    "comment" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expired_at" TIMESTAMPTZ(3),

    CONSTRAINT "silence_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "anomaly_started_at_id_idx" ON "anomaly"("started_at", "id");
CREATE INDEX "anomaly_host_id_started_at_id_idx" ON "anomaly"("host_id", "started_at", "id");
CREATE INDEX "anomaly_incident_id_started_at_id_idx" ON "anomaly"("incident_id", "started_at", "id");
CREATE INDEX "anomaly_counter_started_at_id_idx" ON "anomaly"("counter", "started_at", "id");
CREATE INDEX "anomaly_detector_started_at_id_idx" ON "anomaly"("detector", "started_at", "id");
CREATE INDEX "anomaly_severity_started_at_id_idx" ON "anomaly"("severity", "started_at", "id");
CREATE INDEX "anomaly_ended_at_idx" ON "anomaly"("ended_at");
CREATE UNIQUE INDEX "anomaly_host_id_namespace_id_detector_counter_started_at_key" ON "anomaly"("host_id", "namespace_id", "detector", "counter", "started_at");
CREATE INDEX "incident_started_at_id_idx" ON "incident"("started_at", "id");
CREATE INDEX "incident_status_started_at_id_idx" ON "incident"("status", "started_at", "id");
CREATE INDEX "incident_updated_at_idx" ON "incident"("updated_at");
CREATE INDEX "incident_dedup_key_id_idx" ON "incident"("dedup_key", "id");
CREATE INDEX "incident_host_host_id_idx" ON "incident_host"("host_id");
CREATE INDEX "incident_host_host_name_idx" ON "incident_host"("host_name");
CREATE INDEX "timeline_entry_incident_id_at_id_idx" ON "timeline_entry"("incident_id", "at", "id");
CREATE UNIQUE INDEX "timeline_entry_incident_id_key_key" ON "timeline_entry"("incident_id", "key");
CREATE UNIQUE INDEX "notification_outbox_entry_id_key" ON "notification_outbox"("entry_id");
CREATE INDEX "notification_outbox_at_idx" ON "notification_outbox"("at");
CREATE UNIQUE INDEX "delivery_idempotency_key_key" ON "delivery"("idempotency_key");
CREATE INDEX "delivery_status_next_try_at_idx" ON "delivery"("status", "next_try_at");
CREATE INDEX "delivery_receiver_id_idx" ON "delivery"("receiver", "id");
CREATE INDEX "delivery_created_at_idx" ON "delivery"("created_at");
CREATE INDEX "delivery_incident_delivery_id_idx" ON "delivery_incident"("delivery_id");

ALTER TABLE "incident_host" ADD CONSTRAINT "incident_host_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "timeline_entry" ADD CONSTRAINT "timeline_entry_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "notification_outbox" ADD CONSTRAINT "notification_outbox_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "timeline_entry"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "delivery_incident" ADD CONSTRAINT "delivery_incident_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "delivery_incident" ADD CONSTRAINT "delivery_incident_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- One key has at most one incident that is not resolved. Prisma cannot express a partial index.
CREATE UNIQUE INDEX "incident_open_dedup_key" ON "incident"("dedup_key") WHERE "resolved_at" IS NULL;
