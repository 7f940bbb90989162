import { Router } from "express";
import type { StorageView } from "../store/storage/storage-view.ts";
import { storageRoutes } from "./storage.ts";

export interface RestDeps {
  readonly storage: StorageView;
}

/** Everything below /v1 but the agents' pushes: one file a resource. The caller has the scope `read`. */
export function restRoutes({ storage }: RestDeps): Router {
  const routes = Router();
  routes.use(storageRoutes(storage));
  return routes;
}
