import type { RequestListener } from "node:http";
import { join } from "node:path";
import { startLocalAgent } from "../commands/local-agent.ts";
import { openPushDoor } from "../http/push-door.ts";
import { keepToken, newSecret } from "../store/tokens.ts";
import type { Database } from "./database.ts";
import type { Service } from "./service.ts";

/**
 * Who pushes from within: this host's agent, which is a process of its own, or the agents of a simulated fleet.
 *
 * @param takePush what answers a push: an own door leads to it while the service speaks TLS
 */
export async function startSenders(
  service: Service,
  database: Database,
  takePush: RequestListener,
): Promise<void> {
  const { config, role, demo, life, log, now, tls, addresses } = service;
  const { db, tokenFiles } = database;
  const openDoor = () =>
    tls === null ? addresses.local() : life.start("the agents' door", () => openPushDoor(takePush));

  if (role === "all" && config.localAgent && tokenFiles !== null) {
    const server = await openDoor();
    const tokenFile = tokenFiles.ingest;
    const stateDir = join(config.dataDir, "agent");
    await life.start("this host's agent", () => ({
      value: undefined,
      stop: startLocalAgent({ server, tokenFile, stateDir, log }),
    }));
  }
  if (demo !== null) {
    const server = await openDoor();
    const ingestToken = newSecret();
    await keepToken(db, ingestToken, { name: "simulated agents", scopes: ["ingest"] });
    await life.start("simulated agents", () => ({
      value: undefined,
      stop: demo.start({ server, ingestToken, log, now }),
    }));
  }
}
