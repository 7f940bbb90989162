import { useEffect, useRef } from "react";
import { type AnyVariables, type TypedDocumentNode, useSubscription } from "urql";
import { session } from "./session.ts";

/** Between two questions that news has led to. */
const REST_MS = 2_000;

export interface LiveOptions {
  readonly pause?: boolean;
}

/** Asks anew whenever a subscription has news; what comes while it rests is asked for once, after it. */
export function useLive<T, V extends AnyVariables>(
  query: TypedDocumentNode<T, V>,
  variables: V,
  refresh: () => void,
  { pause = false }: LiveOptions = {},
): void {
  const [{ data }] = useSubscription<T, T, V>({ query, variables, pause } as Parameters<
    typeof useSubscription<T, T, V>
  >[0]);
  const ask = useRef(refresh);
  ask.current = refresh;
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => {
    if (data === undefined || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      if (!session.ended()) ask.current();
    }, REST_MS);
  }, [data]);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
}
