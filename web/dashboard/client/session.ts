import { Signal } from "./signal.ts";

/** Whether the service has said that the session is over; the shell then asks to sign in again. */
const over = new Signal(false);

/** While it is over nobody asks by himself: many tabs that are refused again and again are taken for an attack. */
export const session = {
  over,
  ended: over.get,
  end: () => over.set(true),
  /** The service has answered again: somebody has signed in, be it in another tab. */
  resume: () => over.set(false),
};

/** Where to sign in so that this very view comes back. */
export function signInUrl(): string {
  return `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
}
