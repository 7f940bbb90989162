import { counterEntry } from "../../catalog/catalog.ts";
import type { Attribution } from "../../rates/attribution.ts";
import type { LossShare } from "../../rates/loss.ts";
import type { Flag } from "../flag.ts";
import { type Cause, type Severity, worse } from "./cause.ts";
import { type Evidence, gatherEvidence } from "./evidence.ts";
import { judge, type Rule, type Statement, type Verdict } from "./rule.ts";
import { lossSeverity, type SharePoint } from "./severity.ts";
import { TABLE } from "./table.ts";
import { withWhereSet } from "./where-set.ts";
import type { NamespaceWindow, ObservedListener, Surroundings } from "./window.ts";

/** What is going on in a namespace, in words with the numbers behind them. */
export interface Diagnosis {
  readonly cause: Cause;
  /** Other causes that fit, in the order of the table. */
  readonly contributing: readonly Cause[];
  readonly severity: Severity;
  /** 0 to 1 */
  readonly confidence: number;
  readonly summary: string;
  readonly evidence: readonly Statement[];
  readonly remedies: readonly string[];
  /** Share of handshakes lost or delayed over the window; null where none was attempted. */
  readonly loss: LossShare | null;
  /** Handshakes that were lost or delayed over the window, about. */
  readonly lost: number;
  /** The listener that it is about, with how much of the drops is put down to it; null where none is known. */
  readonly listener: { readonly seen: ObservedListener; readonly attribution: Attribution | null } | null;
}

/** The causes that lose handshakes. */
const LOSING = TABLE.filter(({ losesHandshakes }) => losesHandshakes === true);

/**
 * Says what is going on in a namespace: the first cause of the table that fits, with those that fit beside it.
 * Null when nothing fits, and what detectors have flagged is no trouble by itself.
 *
 * @param shares the share lost interval by interval, for at least five minutes where it is known: how bad it is
 */
export function diagnose(
  window: NamespaceWindow,
  around: Surroundings,
  shares: readonly SharePoint[],
): Diagnosis | null {
  const found = diagnoseBy(TABLE, window, around, shares);
  if (found !== null || around.flags.every(isNote)) return found;
  return unknown(gatherEvidence(window, around));
}

/**
 * Says what loses handshakes, where something else is the first cause that fits: a restart explains that clients are
 * refused for a moment, and not that a queue is full. Null when nothing does.
 *
 * @param beside the first cause, which contributes
 */
export function diagnoseLoss(
  window: NamespaceWindow,
  around: Surroundings,
  shares: readonly SharePoint[],
  beside: Diagnosis,
): Diagnosis | null {
  const found = diagnoseBy(LOSING, window, around, shares);
  if (found === null) return null;
  return {
    ...found,
    contributing: [beside.cause, ...found.contributing],
    evidence: [...found.evidence, ...beside.evidence.slice(0, 1)],
  };
}

function diagnoseBy(
  table: readonly Rule[],
  window: NamespaceWindow,
  around: Surroundings,
  shares: readonly SharePoint[],
): Diagnosis | null {
  const evidence = gatherEvidence(window, around);
  const fits = table.flatMap((rule) => {
    const verdict = judge(rule, evidence);
    return verdict === null ? [] : [{ rule, verdict }];
  });
  const first = fits[0];
  if (first === undefined) return null;
  const usual = around.usual.get("TcpPassiveOpens")?.perMinute ?? null;
  const contributing = first.rule.excludes === true ? [] : fits.slice(1).map(({ rule }) => rule.cause);
  const loss = lossSeverity(shares, usual);
  const own = first.rule.severity(evidence);
  return {
    ...told(first.rule, first.verdict, evidence, around),
    contributing,
    severity: first.rule.losesHandshakes === true ? worse(own, loss) : own,
  };
}

function told(rule: Rule, verdict: Verdict, evidence: Evidence, { isRoot = true }: Surroundings) {
  const { focus, loss, lost, flags } = evidence;
  // Whether the others of its role have it too decides where to look, whatever the cause.
  const peers = flags.filter(isOfPeers).map(statementOf);
  return {
    cause: rule.cause,
    confidence: verdict.confidence,
    summary: rule.summary(evidence),
    evidence: [...verdict.statements, ...peers],
    remedies: withWhereSet(rule.remedies(evidence), isRoot),
    loss,
    lost,
    listener: focus === null ? null : { seen: focus.listener, attribution: focus.attribution },
  };
}

const UNKNOWN_CONFIDENCE = 0.3;

/** Something is unusual, and none of the causes that are known explains it. */
function unknown({ flags, loss, lost }: Evidence): Diagnosis {
  return {
    cause: "UNKNOWN",
    contributing: [],
    severity: "INFO",
    confidence: UNKNOWN_CONFIDENCE,
    summary: `Something is unusual, and no known cause explains it. ${flags[0]?.text ?? ""}`.trim(),
    evidence: flags.map(statementOf),
    // What is known of the counter is all there is to go by.
    remedies: flags.flatMap(({ series }) => counterEntry(series).remedy ?? []).slice(0, 1),
    loss,
    lost,
    listener: null,
  };
}

const isOfPeers = ({ detector }: Flag) => detector === "peers";

/** Detectors whose flags are no trouble by themselves: they are drawn on the plots, and are evidence of what is. */
const NOTING: ReadonlySet<Flag["detector"]> = new Set([
  // To differ from others of the role.
  "peers",
  // To have changed for good, or to be other than at this hour of the week: mostly load that came or went. Of a
  // thousand hosts some do so each day.
  "changepoint",
  "seasonal",
]);
const isNote = ({ detector }: Flag) => NOTING.has(detector);

/** What a detector found, as evidence. */
function statementOf({ text, series, observed }: Flag): Statement {
  return {
    statement: text,
    counter: /^Tcp/.test(series) ? series : null,
    value: observed,
    listener: null,
  };
}
