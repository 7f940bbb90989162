/** How often people are woken for one role before the rest is told together: pure. */
import type { Decision, Member } from "./decide.ts";
import { routedLabels } from "./labels.ts";

/** More pages of a role than this in a time, and those after them become one notification, a digest. */
export interface PageLimit {
  readonly pages: number;
  readonly withinMs: number;
}

/**
 * The role for which a notification wakes people: of its incidents that are PAGE. Empty where they have none or several,
 * which counts as one.
 *
 * @returns null for one that wakes nobody: nothing in it is PAGE, or it goes on from what was told before
 */
export function pagedRole(
  notification: Decision["notification"],
  members: readonly Member[],
  roleLabels: readonly string[],
): string | null {
  if (notification?.begins !== true) return null;
  const told = new Set(notification.incidents.map(({ id }) => id));
  const paging = members.filter(({ incident }) => told.has(incident.id) && incident.urgency === "PAGE");
  if (paging.length === 0) return null;
  const roles = new Set(paging.map(({ incident }) => routedLabels(incident, roleLabels).role ?? ""));
  const [only = ""] = roles;
  return roles.size === 1 ? only : "";
}
