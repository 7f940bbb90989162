import { type ComponentType, lazy } from "react";

/** Where a tab remembers when it loaded itself again. */
const KEY = "spillway.loaded-again-at";
/** A second failure within this is told, and not answered by loading again. */
const PATIENCE_MS = 30_000;

interface PageModule {
  readonly default: ComponentType;
}

/**
 * A page whose code comes when it is first opened. A tab that was open during an upgrade asks for code that the
 * newer version does not have: it loads itself again, once, and is at the same address with the newer code.
 */
export function loaded(load: () => Promise<PageModule>): ComponentType {
  return lazy(() =>
    load().catch((error: unknown) => {
      const last = Number(sessionStorage.getItem(KEY) ?? 0);
      if (Date.now() - last < PATIENCE_MS) throw error;
      sessionStorage.setItem(KEY, String(Date.now()));
      location.reload();
      // Nothing is shown in place of the page until the browser has let go of it.
      return new Promise<PageModule>(() => {});
    }),
  );
}
