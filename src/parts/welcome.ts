import { welcomeText } from "../commands/welcome.ts";
import { createSignInLink } from "../store/sessions.ts";
import { VERSION } from "../version.ts";
import type { Database } from "./database.ts";
import type { Service } from "./service.ts";

/** Tells the person who has started the service where it is, and how to get in. */
export async function welcome(service: Service, { db, tokenFiles }: Database): Promise<void> {
  const { config, role, addresses, notes, tls, now } = service;
  const isEmbedded = config.databaseUrl === null;
  const url = addresses.public();
  const signInUrl = `${url}/sign-in?code=${await createSignInLink(db, now())}`;
  // Nobody may read it any more: that is no reason to end.
  process.stdout.on("error", () => undefined);
  process.stdout.write(
    welcomeText({
      version: VERSION,
      roles: [role],
      url,
      signInUrl,
      dataDir: isEmbedded ? config.dataDir : null,
      database: isEmbedded ? "embedded Postgres" : "Postgres of DATABASE_URL",
      queues: config.redisUrl === null ? "in Postgres" : "Redis of REDIS_URL",
      adminTokenFile: tokenFiles?.admin ?? null,
      // A client that is not given a certificate that signed itself has no way to know it.
      certificateFile:
        config.publicUrl === null && tls?.selfSigned === true ? (config.tls?.cert ?? null) : null,
      notes,
    }),
  );
}
