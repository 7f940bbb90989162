import type { Cause, Severity } from "./cause.ts";
import type { Evidence } from "./evidence.ts";
import { MEASURES, type Measure } from "./measures.ts";
import type { ObservedListener } from "./window.ts";

/** Something that speaks for a cause, or against it. */
export interface Clue {
  /** Null: it cannot be told. A required clue that cannot be told does not hold. */
  readonly holds: (evidence: Evidence) => boolean | null;
  /** The finding in a sentence with its numbers, said only where it holds. */
  readonly says: (evidence: Evidence) => string;
  /** The counter that it rests on, if one. */
  readonly counter?: Measure;
  /** It is about the listener in focus. */
  readonly listener?: true;
}

/** One row of the table: a cause and what tells it from the others. */
export interface Rule {
  readonly cause: Cause;
  readonly required: readonly Clue[];
  readonly supporting: readonly Clue[];
  readonly contradicting: readonly Clue[];
  /** No other cause is looked for beside it: the numbers of the host are not to be judged. */
  readonly excludes?: true;
  /** Handshakes are lost by it: how bad it is follows from their share. */
  readonly losesHandshakes?: true;
  /** How bad it is besides that. */
  readonly severity: (evidence: Evidence) => Severity;
  readonly summary: (evidence: Evidence) => string;
  /** What to do, the most useful first; right for the kernel and the settings seen. */
  readonly remedies: (evidence: Evidence) => readonly string[];
}

/** What names a listening socket of a namespace while it is open. */
export type ListenerName = Pick<ObservedListener, "inode" | "address" | "port">;

/** One line of the evidence of a diagnosis. */
export interface Statement {
  readonly statement: string;
  /** Full name of the counter that it rests on, with its increase over the window; null for none. */
  readonly counter: string | null;
  readonly value: number | null;
  /** The listener that it is about; null for none. */
  readonly listener: ListenerName | null;
}

export interface Verdict {
  /** 0 to 1. */
  readonly confidence: number;
  readonly statements: readonly Statement[];
}

const REQUIRED = 0.6;
const EACH_SUPPORTING = 0.1;
const EACH_CONTRADICTING = 0.2;
const CONFIDENCE_MIN = 0.1;

/** Whether a cause fits, and how well: all that is required holds, and what else speaks for and against it. */
export function judge(rule: Rule, evidence: Evidence): Verdict | null {
  if (!rule.required.every((clue) => clue.holds(evidence) === true)) return null;
  const supporting = rule.supporting.filter((clue) => clue.holds(evidence) === true);
  const contradicting = rule.contradicting.filter((clue) => clue.holds(evidence) === true);
  const confidence =
    REQUIRED + EACH_SUPPORTING * supporting.length - EACH_CONTRADICTING * contradicting.length;
  const said = [...rule.required, ...supporting, ...contradicting].map((clue) => statementOf(clue, evidence));
  return {
    confidence: Math.max(CONFIDENCE_MIN, Math.min(1, Number(confidence.toFixed(2)))),
    statements: said.filter(({ statement }) => statement !== ""),
  };
}

function statementOf({ says, counter, listener }: Clue, evidence: Evidence): Statement {
  const seen = evidence.focus?.listener;
  return {
    statement: says(evidence),
    counter: counter === undefined ? null : MEASURES[counter],
    value: counter === undefined ? null : evidence.count[counter],
    listener: listener === true && seen !== undefined ? nameOf(seen) : null,
  };
}

function nameOf({ inode, address, port }: ObservedListener): ListenerName {
  return { inode, address, port };
}
