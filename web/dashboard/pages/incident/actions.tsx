import { useState } from "react";
import { type AnyVariables, type TypedDocumentNode, useClient } from "urql";
import { faultOfChange } from "../../client/fault.ts";
import {
  AcknowledgeDocument,
  AnnotateDocument,
  RateDocument,
  ResolveDocument,
  SilenceDocument,
} from "../../generated/documents.ts";
import { Fault } from "../../ui/fault.tsx";
import { Icon } from "../../ui/icon.tsx";
import { NoteDialog, SilenceDialog } from "./dialogs.tsx";
import type { IncidentDetails } from "./types.ts";

export interface ActionsProps {
  readonly incident: IncidentDetails;
  readonly mayOperate: boolean;
  /** Called when something has changed. */
  readonly done: () => void;
}

type Asked = "acknowledge" | "resolve" | "note" | "silence";

/** What a person can do about it; without the scope `operate` it says so. */
export function IncidentActions({ incident, mayOperate, done }: ActionsProps) {
  const client = useClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const { id, status, useful } = incident;
  const ask = (what: Asked | null) => {
    setFault(null);
    setAsked(what);
  };
  const dialog = { fault, close: () => ask(null) };

  const change = async <T, V extends AnyVariables>(mutation: TypedDocumentNode<T, V>, variables: V) => {
    const { error } = await client.mutation(mutation, variables).toPromise();
    setFault(error === undefined ? null : faultOfChange(error));
    if (error !== undefined) return;
    setAsked(null);
    done();
  };

  if (!mayOperate) {
    return (
      <p className="actions row-note">To handle incidents, sign in by a token with the scope “operate”.</p>
    );
  }
  return (
    <div className="actions">
      {status === "OPEN" && (
        <button type="button" className="button button-primary" onClick={() => ask("acknowledge")}>
          <Icon name="check" size={16} /> Acknowledge
        </button>
      )}
      {status !== "RESOLVED" && (
        <button type="button" className="button" onClick={() => ask("resolve")}>
          Resolve
        </button>
      )}
      <button type="button" className="button" onClick={() => ask("silence")}>
        <Icon name="bell" size={16} /> Silence
      </button>
      <button type="button" className="button" onClick={() => ask("note")}>
        <Icon name="note" size={16} /> Note
      </button>
      <fieldset className="segments useful">
        <legend className="visually-hidden">Was it useful to hear of this?</legend>
        <button
          type="button"
          aria-pressed={useful === true}
          onClick={() => void change(RateDocument, { id, useful: true })}
        >
          Useful
        </button>
        <button
          type="button"
          aria-pressed={useful === false}
          onClick={() => void change(RateDocument, { id, useful: false })}
        >
          Noise
        </button>
      </fieldset>
      {/* What a dialog asked for is told of in it: it lies over everything else. */}
      {asked === null && <Fault text={fault} />}
      {asked === "acknowledge" && (
        <NoteDialog
          title="Acknowledge: you take it on"
          confirm="Acknowledge"
          required={false}
          {...dialog}
          submit={(note) => change(AcknowledgeDocument, { id, note: note || null })}
        />
      )}
      {asked === "resolve" && (
        <NoteDialog
          title="Resolve: it is over"
          hint="If what it is about goes on, it is opened again."
          confirm="Resolve"
          required={false}
          {...dialog}
          submit={(note) => change(ResolveDocument, { id, note: note || null })}
        />
      )}
      {asked === "note" && (
        <NoteDialog
          title="Note in the timeline"
          confirm="Save"
          required
          {...dialog}
          submit={(note) => change(AnnotateDocument, { id, note })}
        />
      )}
      {asked === "silence" && (
        <SilenceDialog
          incident={incident}
          {...dialog}
          submit={(input) => change(SilenceDocument, { input })}
        />
      )}
    </div>
  );
}
