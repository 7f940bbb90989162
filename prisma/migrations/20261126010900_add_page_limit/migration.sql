-- Pages of one role beyond a limit are told together: which groups gather them, and which deliveries count.
ALTER TABLE "notification_group" ADD COLUMN "digest" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "delivery" ADD COLUMN "page_role" TEXT;
CREATE INDEX "delivery_receiver_page_role_created_at_idx" ON "delivery"("receiver", "page_role", "created_at");
