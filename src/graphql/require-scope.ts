import { SpillwayError } from "../errors.ts";
import type { Actor, Scope } from "../store/tokens.ts";

/** Lets on who has a scope. @throws FORBIDDEN */
export function requireScope(actor: Actor, scope: Scope): void {
  if (actor.scopes.includes(scope)) return;
  throw new SpillwayError(
    "FORBIDDEN",
    `"${actor.name}" has the scopes ${actor.scopes.join(", ") || "(none)"}; this needs "${scope}"`,
  );
}
