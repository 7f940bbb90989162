import { Router } from "express";

export interface HealthDeps {
  readonly stopping: () => boolean;
  /** What must answer for the service to be of use, by name; each rejects with the reason when it does not. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}

const CHECK_MS = 3_000;
/** The checks ask the database, and the routes are open to everybody: they are made once for all who ask at once. */
const CHECKED_MS = 500;

/**
 * `/healthz`: the process lives. `/readyz`: it can do its work. Open to everybody and never refused: whoever
 * could have them refused could have a load balancer take the service out.
 */
export function healthRoutes({ stopping, checks }: HealthDeps): Router {
  const router = Router();
  let checked: { readonly at: number; readonly results: Promise<(readonly [string, string])[]> } | null =
    null;
  const resultsOf = () => {
    const now = performance.now();
    if (checked === null || now - checked.at > CHECKED_MS) {
      const all = Object.entries(checks).map(
        async ([name, check]) => [name, await outcomeOf(check)] as const,
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

async function outcomeOf(check: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_MS} ms`)), CHECK_MS);
    });
    await Promise.race([check(), late]);
    return "ok";
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  } finally {
    clearTimeout(timer);
  }
}
