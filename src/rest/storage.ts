import { Router } from "express";
import { formatDuration } from "../protocol/duration.ts";
import type { StorageReport } from "../store/storage/report.ts";
import type { StorageView } from "../store/storage/storage-view.ts";

/** `GET /storage`: what each resolution takes and will take; the fields are those of GraphQL's `system.storage`. */
export function storageRoutes(storage: StorageView): Router {
  const routes = Router();
  routes.get("/storage", async (_request, response) => {
    response.json(storageBody(await storage.read()));
  });
  return routes;
}

function storageBody({ at, resolutions, unreadable, ...report }: StorageReport) {
  return {
    at: timeOf(at),
    ...report,
    unreadable: { ...unreadable, since: timeOf(unreadable.since) },
    resolutions: resolutions.map(({ oldest, newest, retentionMs, ...rest }) => ({
      ...rest,
      oldest: timeOf(oldest),
      newest: timeOf(newest),
      retention: retentionMs === null ? null : formatDuration(retentionMs),
    })),
  };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
