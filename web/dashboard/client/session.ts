import { Signal } from "./signal.ts";

/** Whether the service has said that the session is over; the shell then asks to sign in again. */
const over = new Signal(false);

export const session = {
  over,
  ended: over.get,
  end: () => over.set(true),
};

/** Where to sign in so that this very view comes back. */
export function signInUrl(): string {
  return `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
}
