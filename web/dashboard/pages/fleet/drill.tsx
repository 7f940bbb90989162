import { useState } from "react";
import { type CombinedError, useClient } from "urql";
import { Link } from "wouter";
import { faultOfChange } from "../../client/fault.ts";
import { useData } from "../../client/use-data.ts";
import { sentence } from "../../format/words.ts";
import {
  DrillDocument,
  type DrillKind,
  type DrillQuery,
  StartDrillDocument,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Progress } from "../../ui/states.tsx";
import { useNow } from "../../view/use-now.ts";
import { incidentPath } from "../incidents/incident-path.ts";

type Drill = NonNullable<DrillQuery["drill"]>;

const UNDER_WAY_MS = 1_500;
const AT_REST_MS = 30_000;
/** One that has ended is told of for so long. */
const TOLD_MS = 10 * 60_000;
const KINDS: readonly (readonly [DrillKind, string])[] = [
  ["STALLED", "an application that accepts nothing"],
  ["SLOW", "an application that accepts too slowly"],
  ["SMALL_BACKLOG", "a queue too short for bursts"],
  ["FLOOD", "a SYN flood"],
];

interface DrillState {
  /** Null before the first answer. */
  readonly data: DrillQuery | null;
  readonly running: boolean;
  readonly refresh: () => void;
}

/** The drill that is under way, or the last one; asked for often while it runs. */
function useDrill(): DrillState {
  const [everyMs, setEveryMs] = useState(AT_REST_MS);
  const { data, refresh } = useData(DrillDocument, {}, { everyMs });
  const drill = data?.drill ?? null;
  const running = drill !== null && drill.phase !== "ENDED";
  const wanted = running ? UNDER_WAY_MS : AT_REST_MS;
  if (wanted !== everyMs) setEveryMs(wanted);
  return { data, running, refresh };
}

/** A drill that is under way or has just ended, for a page that is no longer quiet because of it. */
export function DrillCard() {
  const { data, running } = useDrill();
  const now = useNow();
  const drill = data?.drill ?? null;
  if (drill === null) return null;
  if (drill.endedAt !== null && now - Date.parse(drill.endedAt) > TOLD_MS) return null;
  return (
    <Card title="Drill" note="A real fault that somebody asked for, on a host of its own">
      <Progress active={running} />
      <Course drill={drill} />
    </Card>
  );
}

/** A real fault, made on the machine of the service when somebody asks for it, and what has come of it so far. */
export function DrillPanel() {
  const client = useClient();
  const [kind, setKind] = useState<DrillKind>("STALLED");
  const [fault, setFault] = useState<CombinedError | null>(null);
  const { data, running, refresh } = useDrill();
  if (data === null) return null;
  const { drill, viewer } = data;

  const start = async () => {
    const { error } = await client.mutation(StartDrillDocument, { kind }).toPromise();
    setFault(error ?? null);
    refresh();
  };

  return (
    <div className="drill">
      <Progress active={running} />
      {viewer.scopes.includes("admin") && data.system.roles.includes("all") ? (
        <form
          className="drill-form"
          onSubmit={(event) => {
            event.preventDefault();
            void start();
          }}
        >
          <label className="field-inline">
            <span>See it work:</span>
            <select
              value={kind}
              disabled={running}
              onChange={({ target }) => setKind(target.value as DrillKind)}
            >
              {KINDS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" className="button button-primary" disabled={running}>
            <Icon name="play" size={14} /> {running ? "The drill is under way" : "Run a drill"}
          </button>
          <span className="row-note">Real, but of a host of its own; nothing else is touched.</span>
        </form>
      ) : (
        <p className="row-note">
          To see it work, run a drill: <code>npm run drill</code> on the service's machine, or sign in by a
          token with the scope “admin”.
        </p>
      )}
      <Fault text={fault === null ? null : faultOfChange(fault)} />
      {drill !== null && <Course drill={drill} />}
    </div>
  );
}

/** What a drill has told so far. */
function Course({ drill }: { readonly drill: Drill }) {
  const { lines, incident, named, problem, phase } = drill;
  return (
    <div className="drill-course" role="status">
      <p>
        <strong>{sentence(phase)}</strong>
        {named === true && " – the cause was named rightly"}
        {named === false && " – another cause was named than the right one"}
        {incident !== null && (
          <>
            {": "}
            <Link href={incidentPath(incident.id)}>{incident.title}</Link>
          </>
        )}
      </p>
      {problem !== null && <p className="field-fault">{problem}</p>}
      {lines.length > 0 && <pre className="drill-lines">{lines.slice(-8).join("\n")}</pre>}
    </div>
  );
}
