import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { Router } from "express";
import { SpillwayError } from "../errors.ts";

export interface DownloadsDeps {
  /** Where hosts reach the service; null when it listens on loopback only and no public URL is set. */
  readonly reachableUrl: () => string | null;
}

const AGENT = fileURLToPath(new URL("../agent.mjs", import.meta.url));
const INSTALLER = fileURLToPath(new URL("../../deploy/install.sh", import.meta.url));
/** The service's own Node, for hosts that have none. */
const RUNTIME = process.execPath;

/**
 * `/agent.mjs`, `/install.sh` and `/runtime/node`: what a host needs to join. Open to anybody: there is no
 * secret in them, and the host that fetches them has no token yet that may read.
 */
export function downloadRoutes({ reachableUrl }: DownloadsDeps): Router {
  const router = Router();
  router.get("/agent.mjs", async (_request, response) => {
    const agent = await readFile(AGENT);
    response
      .type("text/javascript")
      .set("ETag", `"${sha256(agent)}"`)
      .send(agent);
  });

  router.get("/runtime/node", async (_request, response) => {
    const { size } = await stat(RUNTIME);
    response.type("application/octet-stream").set("Content-Length", String(size));
    // Whoever goes away in the middle leaves no file open here; one that fails to be read ends the answer.
    await pipeline(createReadStream(RUNTIME), response).catch(() => undefined);
  });

  router.get("/install.sh", async (_request, response) => {
    const server = reachableUrl();
    if (server === null) {
      throw new SpillwayError(
        "CONFLICT",
        "hosts cannot reach this service yet: it listens on loopback only. Set SPILLWAY_LISTEN=0.0.0.0, or put a " +
          "proxy before it and set SPILLWAY_PUBLIC_URL to the proxy's address",
      );
    }
    const values: Record<string, string> = {
      SERVER: server,
      AGENT_SHA256: sha256(await readFile(AGENT)),
      RUNTIME_SHA256: await runtimeDigest(),
      RUNTIME_ARCH: process.arch,
    };
    const script = await readFile(INSTALLER, "utf8");
    response
      .type("text/x-shellscript")
      .set("Cache-Control", "no-store")
      .send(script.replaceAll(/@([A-Z0-9_]+)@/g, (whole, name: string) => values[name] ?? whole));
  });
  return router;
}

let runtime: Promise<string> | null = null;

/** A hundred megabytes: read once in the life of the process, in pieces. */
function runtimeDigest(): Promise<string> {
  runtime ??= (async () => {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(RUNTIME)) hash.update(chunk as Buffer);
    return hash.digest("hex");
  })().catch((error: unknown) => {
    runtime = null;
    throw error;
  });
  return runtime;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
