import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { SilenceInput } from "../../generated/documents.ts";
import { Fault } from "../../ui/fault.tsx";
import { printMatcher } from "../../view/matchers.ts";
import { silenceMatchers } from "./silence.ts";
import type { IncidentDetails } from "./types.ts";

/** What every dialog is told by who opens it. */
interface Opened {
  /** Why what it asked for was not done; null when nothing failed. */
  readonly fault: string | null;
  readonly close: () => void;
}

interface DialogProps extends Opened {
  readonly title: string;
  readonly confirm: string;
  readonly submit: () => Promise<void>;
  readonly children: ReactNode;
}

function Dialog({ title, confirm, fault, close, submit, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [sending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={close}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          setSending(true);
          void submit().finally(() => setSending(false));
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <Fault text={fault} />
        <div className="form-row">
          <button type="submit" className="button button-primary" disabled={sending}>
            {confirm}
          </button>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

export interface NoteDialogProps extends Opened {
  readonly title: string;
  readonly hint?: string;
  readonly confirm: string;
  readonly required: boolean;
  readonly submit: (note: string) => Promise<void>;
}

export function NoteDialog({ title, hint, confirm, required, submit, ...opened }: NoteDialogProps) {
  const [note, setNote] = useState("");
  return (
    <Dialog {...opened} title={title} confirm={confirm} submit={() => submit(note.trim())}>
      {hint !== undefined && <p className="row-note">{hint}</p>}
      <label>
        {required ? "Note" : "Note (may be left empty)"}
        <textarea
          rows={4}
          maxLength={4_000}
          required={required}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
      </label>
    </Dialog>
  );
}

export interface SilenceDialogProps extends Opened {
  readonly incident: IncidentDetails;
  readonly submit: (input: SilenceInput) => Promise<void>;
}

const DURATIONS = [
  ["30m", "30 minutes"],
  ["2h", "2 hours"],
  ["8h", "8 hours"],
  ["1d", "a day"],
  ["7d", "a week"],
] as const;

export function SilenceDialog({ incident, submit, ...opened }: SilenceDialogProps) {
  const [duration, setDuration] = useState<string>("2h");
  const [comment, setComment] = useState("");
  const matchers = silenceMatchers(incident);
  return (
    <Dialog
      {...opened}
      title="Silence incidents like this"
      confirm="Silence"
      submit={() => submit({ matchers, duration, comment: comment.trim() })}
    >
      <p className="row-note">Holds back the notifications of every incident with</p>
      <ul className="chips">
        {matchers.map((matcher) => (
          <li key={matcher.name} className="chip">
            <code>{printMatcher(matcher)}</code>
          </li>
        ))}
      </ul>
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
      <label>
        Why
        <input required maxLength={500} value={comment} onChange={({ target }) => setComment(target.value)} />
      </label>
    </Dialog>
  );
}
