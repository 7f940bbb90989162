import { Router } from "express";
import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";

export interface HealthDeps {
  readonly stopping: () => boolean;
  /**
   * What must answer for the service to be of use, by name; each rejects when it does not. Everybody may read the text
   * of a SpillwayError; any other names machines and people, and goes into the log.
   */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly log: Logger;
}

const CHECK_MS = 3_000;
/** The checks ask the database, and the routes are open to everybody: they are made once for all who ask at once. */
const CHECKED_MS = 500;

/**
 * `/healthz`: the process lives. `/readyz`: it can do its work. Open to everybody and never refused: whoever
 * could have them refused could have a load balancer take the service out.
 */
export function healthRoutes({ stopping, checks, log }: HealthDeps): Router {
  const router = Router();
  /** What each check failed with when it was last logged: whoever waits for the service asks each second. */
  const logged = new Map<string, string>();
  const outcomeOf = async (name: string, check: () => Promise<void>): Promise<string> => {
    try {
      await inTime(check());
      logged.delete(name);
      return "ok";
    } catch (error) {
      const text = String(error);
      if (logged.get(name) !== text) log.warn({ err: error, check: name }, "not ready");
      logged.set(name, text);
      return error instanceof SpillwayError ? error.message : "unreachable";
    }
  };
  let checked: { readonly at: number; readonly results: Promise<(readonly [string, string])[]> } | null =
    null;
  const resultsOf = () => {
    const now = performance.now();
    if (checked === null || now - checked.at > CHECKED_MS) {
      const all = Object.entries(checks).map(
        async ([name, check]) => [name, await outcomeOf(name, check)] as const,
      );
      checked = { at: now, results: Promise.all(all) };
    }
    return checked.results;
  };
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const results = await resultsOf();
    const ready = !stopping() && results.every(([, outcome]) => outcome === "ok");
    response.status(ready ? 200 : 503).json({
      status: ready ? "ready" : stopping() ? "stopping" : "not ready",
      checks: Object.fromEntries(results),
    });
  });
  return router;
}

/** @throws UNAVAILABLE when it takes too long */
async function inTime(checking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fault = new SpillwayError("UNAVAILABLE", `no answer within ${CHECK_MS} ms`);
    timer = setTimeout(() => reject(fault), CHECK_MS);
  });
  try {
    await Promise.race([checking, late]);
  } finally {
    clearTimeout(timer);
  }
}
