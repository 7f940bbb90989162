import { useCallback, useEffect, useRef, useState } from "react";
import { type AnyVariables, type CombinedError, createRequest, type TypedDocumentNode, useQuery } from "urql";
import { session } from "./session.ts";

export interface Data<T, V = unknown> {
  /** The newest answer, also while another is on its way or has failed; null before the first. */
  readonly data: T | null;
  /** The variables that `data` was asked with; null before the first. */
  readonly of: V | null;
  /** `data` answers other variables than those of now, to which there is no answer yet. */
  readonly isOfOther: boolean;
  /** Why the question was not answered when it was last asked with these variables; null when it was, or is yet to be. */
  readonly error: CombinedError | null;
  /** A question is on its way. */
  readonly fetching: boolean;
  /** When `data` came, in ms since 1970; null before the first. */
  readonly asOf: number | null;
  /** Asks anew; while a question is on its way, once after its answer. */
  readonly refresh: () => void;
}

export interface DataOptions {
  /** Asks again each so many ms while the page is looked at; 0 never does. */
  readonly everyMs?: number;
  /** Asks nothing yet. */
  readonly pause?: boolean;
}

/**
 * What a query answers, kept while it is asked again. An answer to other variables is shown until the new one
 * is there, so that a page whose range moves does not go blank; whoever shows it says so, by `isOfOther`.
 *
 * A question that is on its way is never put anew: that would give it up, and of a service that answers more slowly than
 * a page asks, the page would never hear.
 */
export function useData<T, V extends AnyVariables>(
  query: TypedDocumentNode<T, V>,
  variables: V,
  { everyMs = 0, pause = false }: DataOptions = {},
): Data<T, V> {
  const [{ data, error, fetching, operation }, ask] = useQuery<T, V>({
    query,
    variables,
    pause,
  } as Parameters<typeof useQuery<T, V>>[0]);
  const { key } = createRequest(query, variables);
  const kept = useRef<{ readonly data: T; readonly of: V; readonly key: number } | null>(null);
  const [asOf, setAsOf] = useState<number | null>(null);
  // What comes beside a fault lacks something, and would say of it that it is not there.
  const whole = error === undefined ? data : undefined;
  if (whole !== undefined && whole !== null && operation !== undefined) {
    kept.current = { data: whole, of: operation.variables, key: operation.key };
  }
  useEffect(() => {
    if (whole !== undefined && whole !== null) setAsOf(Date.now());
  }, [whole]);
  const onItsWay = useRef(fetching);
  onItsWay.current = fetching;
  const wanted = useRef(false);
  const refresh = useCallback(() => {
    wanted.current = onItsWay.current;
    if (!onItsWay.current) ask({ requestPolicy: "network-only" });
  }, [ask]);
  useEffect(() => {
    if (!fetching && wanted.current) refresh();
  }, [fetching, refresh]);
  useEffect(() => {
    if (everyMs === 0 || pause) return;
    const again = () => {
      // The answer that is awaited is as new as the one that would be asked for.
      if (document.visibilityState === "visible" && !onItsWay.current && !session.ended()) refresh();
    };
    const timer = setInterval(again, everyMs);
    document.addEventListener("visibilitychange", again);
    const unfollow = session.over.subscribe(again);
    return () => {
      clearInterval(timer);
      unfollow();
      document.removeEventListener("visibilitychange", again);
    };
  }, [refresh, everyMs, pause]);
  return {
    data: kept.current?.data ?? null,
    of: kept.current?.of ?? null,
    isOfOther: !pause && kept.current !== null && kept.current.key !== key,
    error: operation?.key === key ? (error ?? null) : null,
    fetching,
    asOf,
    refresh,
  };
}
