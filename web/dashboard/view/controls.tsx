/** What is at the top of pages that show a range: the range, its zone, sharing and the filter. */
import { useState } from "react";
import { formatRange } from "../format/times.ts";
import { copyText } from "../ui/copy.ts";
import { Icon } from "../ui/icon.tsx";
import { pinned, printView, RANGE_MAX_MS, RANGE_MIN_MS, RANGES, rangeAt } from "./state.ts";
import { useNow } from "./use-now.ts";
import { useView } from "./use-view.ts";

export function RangePicker() {
  const { range, zone, change } = useView();
  const now = useNow(30_000);
  const [custom, setCustom] = useState(false);
  const at = rangeAt(range, now);
  return (
    <div className="range">
      <fieldset className="segments">
        <legend className="visually-hidden">Range</legend>
        {RANGES.map((last) => (
          <button
            key={last}
            type="button"
            aria-pressed={range.kind === "last" && range.last === last}
            onClick={() => change({ range: { kind: "last", last } })}
          >
            {last}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={range.kind === "pinned"}
          aria-expanded={custom}
          onClick={() => setCustom(!custom)}
        >
          {range.kind === "pinned" ? formatRange(range.from, range.to, zone, now) : "Custom"}
        </button>
      </fieldset>
      {custom && <CustomRange from={at.from} to={at.to} done={() => setCustom(false)} />}
    </div>
  );
}

function CustomRange({
  from,
  to,
  done,
}: {
  readonly from: number;
  readonly to: number;
  readonly done: () => void;
}) {
  const { zone, change } = useView();
  const [start, setStart] = useState(toField(from, zone));
  const [end, setEnd] = useState(toField(to, zone));
  const [first, last] = [fromField(start, zone), fromField(end, zone)];
  const length = last - first;
  const fault =
    length >= RANGE_MIN_MS
      ? length > RANGE_MAX_MS && "A range has 400 days at most."
      : "The end must be a minute or more after the beginning.";
  return (
    <form
      className="popover"
      onSubmit={(event) => {
        event.preventDefault();
        if (fault !== false) return;
        change({ range: { kind: "pinned", from: first, to: last } });
        done();
      }}
    >
      <label>
        From
        <input type="datetime-local" value={start} onChange={({ target }) => setStart(target.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" value={end} onChange={({ target }) => setEnd(target.value)} />
      </label>
      {fault !== false && <p role="alert">{fault}</p>}
      <button type="submit" className="button button-primary" disabled={fault !== false}>
        Show
      </button>
    </form>
  );
}

function toField(at: number, zone: "utc" | "local"): string {
  const shift = zone === "utc" ? 0 : new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - shift).toISOString().slice(0, 16);
}

function fromField(text: string, zone: "utc" | "local"): number {
  return Date.parse(zone === "utc" ? `${text}Z` : text);
}

/** What sharing has come to is said for so long. */
const SHARED_MS = 3_000;
const SHARED = {
  not: "Share",
  copied: "Link copied",
  // The clipboard is not ours by plain http.
  addressed: "Link is in the address bar",
} as const;

/** Live, or pinned; the zone; a link to this very view. */
export function ViewButtons() {
  const view = useView();
  const [shared, setShared] = useState<"not" | "copied" | "addressed">("not");
  const share = async () => {
    const url = new URL(location.href);
    url.search = printView(pinned(view, Date.now()), location.search);
    const isCopied = await copyText(url.href);
    history.replaceState(null, "", url);
    setShared(isCopied ? "copied" : "addressed");
    setTimeout(() => setShared("not"), SHARED_MS);
  };
  return (
    <>
      {view.range.kind === "pinned" && (
        <button
          type="button"
          className="button"
          onClick={() => view.change({ range: { kind: "last", last: "1h" } })}
        >
          <Icon name="play" size={14} /> Back to live
        </button>
      )}
      <button
        type="button"
        className="button"
        onClick={() => view.change({ zone: view.zone === "utc" ? "local" : "utc" })}
        aria-label={`Times in ${view.zone === "utc" ? "UTC" : "local time"}: switch`}
      >
        {view.zone === "utc" ? "UTC" : "Local time"}
      </button>
      <button type="button" className="button" onClick={() => void share()}>
        <Icon name="link" size={15} /> {SHARED[shared]}
      </button>
      <span className="visually-hidden" role="status">
        {shared !== "not" &&
          `A link to this view, with its times pinned, is in ${shared === "copied" ? "the clipboard and in " : ""}the address bar.`}
      </span>
    </>
  );
}
