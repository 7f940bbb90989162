import { useEffect, useMemo, useState } from "react";
import { useData } from "../client/use-data.ts";
import { LabelNamesDocument, type LabelNamesQuery } from "../generated/documents.ts";
import { Icon } from "../ui/icon.tsx";
import { type Matcher, parseMatcher, printMatcher, suggestedMatchers } from "./matchers.ts";
import { useView } from "./use-view.ts";

const TYPING_MS = 300;
/** A list that is longer costs a browser more than it helps. */
const SUGGESTED_MAX = 500;

export interface FilterBarProps {
  /** With a picker of the label by which plots are stacked. */
  readonly grouping?: boolean;
}

/** Search and label matchers, all of it in the URL. */
export function FilterBar({ grouping = false }: FilterBarProps) {
  const { matchers, groupBy, change } = useView();
  const { data } = useData(LabelNamesDocument, {});
  const names = data?.labels ?? [];
  return (
    <search className="filters" aria-label="Filter hosts">
      <SearchField />
      {matchers.map((matcher) => (
        <span key={printMatcher(matcher)} className="chip chip-removable">
          <code>{printMatcher(matcher)}</code>
          <button
            type="button"
            aria-label={`Remove ${printMatcher(matcher)}`}
            onClick={() => change({ matchers: matchers.filter((other) => other !== matcher) })}
          >
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <AddMatcher labels={names} add={(matcher) => change({ matchers: [...matchers, matcher] })} />
      {grouping && (
        <label className="field-inline">
          <span>Stack by</span>
          <select value={groupBy ?? ""} onChange={({ target }) => change({ groupBy: target.value || null })}>
            <option value="">nothing</option>
            {groupBy !== null && !names.some(({ name }) => name === groupBy) && <option>{groupBy}</option>}
            {names.map(({ name, valueCount }) => (
              <option key={name} value={name}>
                {name} ({valueCount})
              </option>
            ))}
          </select>
        </label>
      )}
    </search>
  );
}

function SearchField() {
  const { search, change } = useView();
  const [text, setText] = useState(search);
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text === search) return;
    const timer = setTimeout(() => change({ search: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, search, change]);
  return (
    <label className="search">
      <Icon name="search" size={16} />
      <span className="visually-hidden">Part of a host's name</span>
      <input
        type="search"
        placeholder="Search hosts"
        value={text}
        maxLength={200}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
      />
      <kbd>/</kbd>
    </label>
  );
}

function AddMatcher({
  labels,
  add,
}: {
  readonly labels: LabelNamesQuery["labels"];
  readonly add: (matcher: Matcher) => void;
}) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const suggestions = useMemo(() => suggestedMatchers(labels, text, SUGGESTED_MAX), [labels, text]);
  const take = (said: string) => {
    const matcher = parseMatcher(said);
    setWrong(matcher === null && said !== "");
    if (matcher === null) return;
    add(matcher);
    setText("");
  };
  return (
    <form
      className="add-matcher"
      onSubmit={(event) => {
        event.preventDefault();
        take(text.trim());
      }}
    >
      <label>
        <span className="visually-hidden">Add a label matcher, as role="web"</span>
        <input
          list="matchers"
          placeholder='label, as role="web"'
          value={text}
          aria-invalid={wrong}
          onChange={({ target }) => {
            // What was picked from the list is taken at once.
            if (suggestions.includes(target.value)) take(target.value);
            else setText(target.value);
          }}
        />
      </label>
      <datalist id="matchers">
        {suggestions.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
        ))}
      </datalist>
      {wrong && (
        <span className="field-fault" role="alert">
          Write it as role="web", role!="web", role=~"web|api"
        </span>
      )}
    </form>
  );
}
