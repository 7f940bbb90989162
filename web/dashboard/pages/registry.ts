/** Every page: its paths, its code (loaded when it is first opened) and its place in the navigation. */
import type { ComponentType } from "react";
import PATHS from "../paths.json" with { type: "json" };
import type { IconName } from "../ui/icon.tsx";
import { loaded } from "./loaded.ts";

export interface PageEntry {
  readonly path: string;
  readonly component: ComponentType;
}

export const PAGES: readonly PageEntry[] = [
  { path: PATHS.fleet, component: loaded(() => import("./fleet/page.tsx")) },
  { path: PATHS.incidents, component: loaded(() => import("./incidents/page.tsx")) },
  { path: PATHS.incident, component: loaded(() => import("./incident/page.tsx")) },
  { path: PATHS.hosts, component: loaded(() => import("./hosts/page.tsx")) },
  { path: PATHS.host, component: loaded(() => import("./host/page.tsx")) },
  { path: PATHS.listeners, component: loaded(() => import("./listeners/page.tsx")) },
  { path: PATHS.counters, component: loaded(() => import("./counters/page.tsx")) },
  { path: PATHS.counter, component: loaded(() => import("./counters/page.tsx")) },
  { path: PATHS.settings, component: loaded(() => import("./settings/page.tsx")) },
  { path: PATHS["settings-section"], component: loaded(() => import("./settings/page.tsx")) },
  { path: PATHS["add-host"], component: loaded(() => import("./add-host/page.tsx")) },
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
