import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { SilenceInput } from "../../generated/documents.ts";
import { printMatcher } from "../../view/matchers.ts";
import { silenceMatchers } from "./silence.ts";
import type { IncidentDetails } from "./types.ts";

interface DialogProps {
  readonly title: string;
  readonly confirm: string;
  readonly close: () => void;
  readonly submit: () => Promise<void>;
  readonly children: ReactNode;
}

function Dialog({ title, confirm, close, submit, children }: DialogProps) {
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

export interface NoteDialogProps {
  readonly title: string;
  readonly hint?: string;
  readonly confirm: string;
  readonly required: boolean;
  readonly close: () => void;
  readonly submit: (note: string) => Promise<void>;
}

export function NoteDialog({ title, hint, confirm, required, close, submit }: NoteDialogProps) {
  const [note, setNote] = useState("");
  return (
    <Dialog title={title} confirm={confirm} close={close} submit={() => submit(note.trim())}>
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

export interface SilenceDialogProps {
  readonly incident: IncidentDetails;
  readonly close: () => void;
  readonly submit: (input: SilenceInput) => Promise<void>;
}

const DURATIONS = [
  ["30m", "30 minutes"],
  ["2h", "2 hours"],
  ["8h", "8 hours"],
  ["1d", "a day"],
  ["7d", "a week"],
] as const;

export function SilenceDialog({ incident, close, submit }: SilenceDialogProps) {
  const [duration, setDuration] = useState<string>("2h");
  const [comment, setComment] = useState("");
  const matchers = silenceMatchers(incident);
  return (
    <Dialog
      title="Silence incidents like this"
      confirm="Silence"
      close={close}
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
