/** Every page: its paths, its code (loaded when it is first opened) and its place in the navigation. */
import { type ComponentType, lazy } from "react";
import PATHS from "../paths.json" with { type: "json" };
import type { IconName } from "../ui/icon.tsx";

export interface PageEntry {
  readonly path: string;
  readonly component: ComponentType;
}

export const PAGES: readonly PageEntry[] = [
  { path: PATHS.fleet, component: lazy(() => import("./fleet/page.tsx")) },
  { path: PATHS.incidents, component: lazy(() => import("./incidents/page.tsx")) },
  { path: PATHS.incident, component: lazy(() => import("./incident/page.tsx")) },
  { path: PATHS.hosts, component: lazy(() => import("./hosts/page.tsx")) },
  { path: PATHS.host, component: lazy(() => import("./host/page.tsx")) },
  { path: PATHS.listeners, component: lazy(() => import("./listeners/page.tsx")) },
  { path: PATHS.counters, component: lazy(() => import("./counters/page.tsx")) },
  { path: PATHS.counter, component: lazy(() => import("./counters/page.tsx")) },
  { path: PATHS.settings, component: lazy(() => import("./settings/page.tsx")) },
  { path: PATHS["settings-section"], component: lazy(() => import("./settings/page.tsx")) },
  { path: PATHS["add-host"], component: lazy(() => import("./add-host/page.tsx")) },
];

export interface NavEntry {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  /** Pressed after g. */
  readonly key: string;
}

export const NAVIGATION: readonly NavEntry[] = [
  { path: PATHS.fleet, name: "Fleet", icon: "fleet", key: "f" },
  { path: PATHS.incidents, name: "Incidents", icon: "incidents", key: "i" },
  { path: PATHS.hosts, name: "Hosts", icon: "hosts", key: "h" },
  { path: PATHS.listeners, name: "Listeners", icon: "listeners", key: "l" },
  { path: PATHS.counters, name: "Counters", icon: "counters", key: "c" },
  { path: PATHS.settings, name: "Settings", icon: "settings", key: "s" },
];
