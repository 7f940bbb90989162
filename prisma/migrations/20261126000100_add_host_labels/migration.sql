-- Labels of a host that its agent does not send, and since when labels hold. Columns with constant defaults or
-- none: no table is rewritten. What is inserted is one small row for each host.
ALTER TABLE "host" ADD COLUMN "set_labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "forced_labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "file_labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "namespace" ADD COLUMN "idle_since" TIMESTAMPTZ(3);

CREATE TABLE "host_label_history" (
    "host_id" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "labels" JSONB NOT NULL,

    CONSTRAINT "host_label_history_pkey" PRIMARY KEY ("host_id", "since")
);

CREATE TABLE "label_rules" (
    "id" INTEGER NOT NULL,
    "rules" JSONB NOT NULL,

    CONSTRAINT "label_rules_pkey" PRIMARY KEY ("id")
);

-- The one row that there is: whoever applies rules locks it.
INSERT INTO "label_rules" ("id", "rules") VALUES (1, '[]');

-- Labels were the agent's alone until now, and it is not known since when.
INSERT INTO "host_label_history" ("host_id", "since", "labels") SELECT "id", "first_seen", "labels" FROM "host";
