import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { parseView, printView, type ViewState } from "./state.ts";

export interface View extends ViewState {
  /** Changes some of it, as a new entry of the browser's history. */
  readonly change: (some: Partial<ViewState>) => void;
  /** A path with what every page has in common: the range, the zone and the filter. */
  readonly href: (path: string) => string;
}

/** The view that the URL says. */
export function useView(): View {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const state = useMemo(() => parseView(search), [search]);
  const change = useCallback(
    (some: Partial<ViewState>) => navigate(joined(path, printView({ ...state, ...some }, search))),
    [navigate, path, search, state],
  );
  const href = useCallback((to: string) => joined(to, printView(state)), [state]);
  return { ...state, change, href };
}

/** One parameter of a page's own, beside those of the view. Null takes it away. */
export function useParam(name: string): [string | null, (value: string | null) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const value = new URLSearchParams(search).get(name);
  const set = useCallback(
    (next: string | null) => {
      const params = new URLSearchParams(search);
      if (next === null) params.delete(name);
      else params.set(name, next);
      navigate(joined(path, params.toString()), { replace: true });
    },
    [name, navigate, path, search],
  );
  return [value, set];
}

function joined(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}
