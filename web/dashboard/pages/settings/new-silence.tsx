import { useState } from "react";
import { CreateSilenceDocument, type SilenceInput, type Weekday } from "../../generated/documents.ts";
import { parseMatcher } from "../../view/matchers.ts";
import type { Change } from "./change.ts";

const DAYS: readonly Weekday[] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const DURATIONS = [
  ["1h", "an hour"],
  ["8h", "8 hours"],
  ["1d", "a day"],
  ["7d", "a week"],
] as const;

/** Matchers with commas between. @returns null when one of them is none */
function matchersOf(text: string): SilenceInput["matchers"] | null {
  const matchers = text.split(",").map(parseMatcher);
  return matchers.includes(null) ? null : matchers.flatMap((one) => one ?? []);
}

export function NewSilence({ change, made }: { readonly change: Change; readonly made: () => void }) {
  const [text, setText] = useState("");
  const [comment, setComment] = useState("");
  const [duration, setDuration] = useState<string>("1h");
  const [recurs, setRecurs] = useState(false);
  const [days, setDays] = useState<readonly Weekday[]>(["SAT", "SUN"]);
  const [from, setFrom] = useState("02:00");
  const [to, setTo] = useState("04:00");
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const matchers = matchersOf(text);
  const submit = async () => {
    if (matchers === null) return;
    const when = recurs ? { window: { days, from, to, zone } } : { duration };
    const input = { matchers, comment: comment.trim(), ...when };
    if ((await change.run(CreateSilenceDocument, { input })) === null) return;
    setText("");
    setComment("");
    made();
  };
  return (
    <form
      className="form settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        Incidents with
        <input
          required
          placeholder="role=web, severity!=CRITICAL"
          value={text}
          aria-invalid={text !== "" && matchers === null}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      {text !== "" && matchers === null && (
        <p className="field-fault">Write name=value, name!=value or name=~pattern, with commas between.</p>
      )}
      <label>
        Why
        <input required maxLength={500} value={comment} onChange={({ target }) => setComment(target.value)} />
      </label>
      <label className="field-inline">
        <input type="checkbox" checked={recurs} onChange={({ target }) => setRecurs(target.checked)} />
        <span>Again and again: a maintenance window</span>
      </label>
      {recurs ? (
        <>
          <fieldset className="checks checks-row">
            <legend>Days</legend>
            {DAYS.map((day) => (
              <label key={day} className="field-inline">
                <input
                  type="checkbox"
                  checked={days.includes(day)}
                  onChange={({ target }) =>
                    setDays(DAYS.filter((one) => (one === day ? target.checked : days.includes(one))))
                  }
                />
                <span>{day.charAt(0) + day.slice(1).toLowerCase()}</span>
              </label>
            ))}
          </fieldset>
          <div className="form-row">
            <label>
              From
              <input type="time" required value={from} onChange={({ target }) => setFrom(target.value)} />
            </label>
            <label>
              To
              <input type="time" required value={to} onChange={({ target }) => setTo(target.value)} />
            </label>
            <label>
              Time zone
              <input required value={zone} onChange={({ target }) => setZone(target.value)} />
            </label>
          </div>
        </>
      ) : (
        <label>
          For
          <select value={duration} onChange={({ target }) => setDuration(target.value)}>
            {DURATIONS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
      )}
      <button
        type="submit"
        className="button button-primary"
        disabled={change.busy || matchers === null || (recurs && days.length === 0)}
      >
        Silence
      </button>
    </form>
  );
}
