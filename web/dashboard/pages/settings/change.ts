import { useState } from "react";
import { type AnyVariables, type TypedDocumentNode, useClient } from "urql";
import { faultOfChange } from "../../client/fault.ts";

export interface Change {
  /** One is on its way. */
  readonly busy: boolean;
  /** Why the last one was not made; null when it was. */
  readonly fault: string | null;
  /** @returns the answer; null when it was not made */
  readonly run: <T, V extends AnyVariables>(
    mutation: TypedDocumentNode<T, V>,
    variables: V,
  ) => Promise<T | null>;
}

/** Changes that a section makes, one at a time. */
export function useChange(): Change {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  return {
    busy,
    fault,
    run: async (mutation, variables) => {
      setBusy(true);
      const { data, error } = await client.mutation(mutation, variables).toPromise();
      setBusy(false);
      setFault(error === undefined ? null : faultOfChange(error));
      return error === undefined ? (data ?? null) : null;
    },
  };
}
