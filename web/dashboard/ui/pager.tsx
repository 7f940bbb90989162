export interface PagerProps {
  readonly text: string;
  /** Null on the first page. */
  readonly back: (() => void) | null;
  /** Null on the last one. */
  readonly next: (() => void) | null;
}

/** The foot of a list that comes a page at a time. */
export function Pager({ text, back, next }: PagerProps) {
  return (
    <div className="pager">
      <span className="row-note">{text}</span>
      {(back !== null || next !== null) && (
        <>
          <button
            type="button"
            className="button button-small"
            disabled={back === null}
            onClick={back ?? undefined}
          >
            Back
          </button>
          <button
            type="button"
            className="button button-small"
            disabled={next === null}
            onClick={next ?? undefined}
          >
            Next
          </button>
        </>
      )}
    </div>
  );
}
