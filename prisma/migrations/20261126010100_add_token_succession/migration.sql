-- The token that took another's place, and the token that signed a browser in. Small tables, nullable columns:
-- no row is rewritten, and the checks of the keys read nothing.
ALTER TABLE "token" ADD COLUMN "successor_id" UUID;

ALTER TABLE "token" ADD CONSTRAINT "token_successor_id_fkey" FOREIGN KEY ("successor_id") REFERENCES "token"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "session" ADD COLUMN "token_id" UUID;

ALTER TABLE "session" ADD CONSTRAINT "session_token_id_fkey" FOREIGN KEY ("token_id") REFERENCES "token"("id") ON DELETE CASCADE ON UPDATE CASCADE;
