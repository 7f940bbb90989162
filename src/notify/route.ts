/** Whom an incident is told to: pure. */
import { type LabelMatcher, labelPredicate } from "../store/host-filter.ts";
import type { Labels } from "../store/labels/effective.ts";
import type { PageLimit } from "./page-limit.ts";

/** How long is waited, in ms, as in Alertmanager. */
export interface Timing {
  /** For more of the same, before a group is told what is new. */
  readonly groupWaitMs: number;
  /** Between two notifications of a group. */
  readonly groupIntervalMs: number;
  /** Until a group that goes on is told again without news. */
  readonly repeatIntervalMs: number;
}

/** A node of the tree of routes. What it does not say itself it has from the node above. */
export interface Route {
  /** Its matchers and those of the nodes above, as text. */
  readonly id: string;
  /** Null when what ends here is told to nobody. */
  readonly receiver: string | null;
  readonly matchers: readonly LabelMatcher[];
  /** Labels that make incidents one group. */
  readonly groupBy: readonly string[];
  readonly timing: Timing;
  /** Null for none. */
  readonly pageLimit: PageLimit | null;
  /** Whether the nodes after it are asked too when it takes an incident. */
  readonly continues: boolean;
  readonly routes: readonly Route[];
}

/** A receiver that an incident is told to, and how. */
export interface Target {
  readonly route: string;
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly timing: Timing;
}

/**
 * Where an incident with these labels goes. As in Alertmanager: the first child that matches takes it, and those after
 * it as well where it says `continue`; a node whose children all decline takes it itself. A receiver is told once,
 * however many ways lead to it.
 */
export function targetsOf(root: Route, labels: Labels): Target[] {
  const byReceiver = new Map<string, Target>();
  for (const { id, receiver, groupBy, timing } of ends(root, labels)) {
    if (receiver === null || byReceiver.has(receiver)) continue;
    byReceiver.set(receiver, { route: id, receiver, groupBy, timing });
  }
  return [...byReceiver.values()];
}

function ends(route: Route, labels: Labels): Route[] {
  if (!labelPredicate(route.matchers)((name) => labelOf(labels, name))) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const taken = ends(child, labels);
    found.push(...taken);
    if (taken.length > 0 && !child.continues) break;
  }
  return found.length > 0 ? found : [route];
}

/** The route of a group; the root where the configuration no longer has it. */
export function routeOfGroup(root: Route, routeId: string): Route {
  return all(root).find(({ id }) => id === routeId) ?? root;
}

function all(route: Route): Route[] {
  return [route, ...route.routes.flatMap(all)];
}

/** The labels that make incidents one group, with their values; empty where an incident lacks one. */
export function groupLabelsOf(labels: Labels, groupBy: readonly string[]): Labels {
  return Object.fromEntries([...groupBy].sort().map((name) => [name, labelOf(labels, name)]));
}

function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}
