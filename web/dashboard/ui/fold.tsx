import { type ReactNode, useState } from "react";
import { formatCount } from "../format/numbers.ts";

export interface FoldProps<T> {
  readonly items: readonly T[];
  /** So many are shown until somebody asks for the rest. */
  readonly first: number;
  readonly children: (shown: readonly T[]) => ReactNode;
}

/** A long list, of which the beginning is what matters. */
export function Fold<T>({ items, first, children }: FoldProps<T>) {
  const [open, setOpen] = useState(false);
  // One more line costs no more room than the button would.
  const folded = !open && items.length > first + 1;
  return (
    <>
      {children(folded ? items.slice(0, first) : items)}
      {items.length > first + 1 && (
        <p className="fold">
          <button
            type="button"
            className="button button-small"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {open ? "Show fewer" : `Show all ${formatCount(items.length)}`}
          </button>
        </p>
      )}
    </>
  );
}
