import type { Attribution } from "../../rates/attribution.ts";
import type { LossShare } from "../../rates/loss.ts";
import type { Flag } from "../flag.ts";
import { type Cause, type Severity, worse } from "./cause.ts";
import { type Evidence, gatherEvidence } from "./evidence.ts";
import { judge, type Rule, type Statement, type Verdict } from "./rule.ts";
import { lossSeverity, type SharePoint } from "./severity.ts";
import { TABLE } from "./table.ts";
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
  /** The listener that it is about, with how much of the drops is put down to it; null where none is known. */
  readonly listener: { readonly seen: ObservedListener; readonly attribution: Attribution | null } | null;
}

/**
 * Says what is going on in a namespace: the first cause of the table that fits, with those that fit beside it.
 * Null when nothing fits and no detector has flagged anything of the host itself.
 *
 * @param shares the share lost interval by interval, for at least five minutes where it is known: how bad it is
 */
export function diagnose(
  window: NamespaceWindow,
  around: Surroundings,
  shares: readonly SharePoint[],
): Diagnosis | null {
  const evidence = gatherEvidence(window, around);
  const fits = TABLE.flatMap((rule) => {
    const verdict = judge(rule, evidence);
    return verdict === null ? [] : [{ rule, verdict }];
  });
  const first = fits[0];
  if (first === undefined) return around.flags.every(isNote) ? null : unknown(evidence);
  const usual = around.usual.get("TcpPassiveOpens")?.perMinute ?? null;
  const contributing = first.rule.excludes === true ? [] : fits.slice(1).map(({ rule }) => rule.cause);
  const loss = lossSeverity(shares, usual);
  const own = first.rule.severity(evidence);
  return {
    ...told(first.rule, first.verdict, evidence),
    contributing,
    severity: first.rule.losesHandshakes === true ? worse(own, loss) : own,
  };
}

function told(rule: Rule, verdict: Verdict, evidence: Evidence) {
  const { focus, loss, flags } = evidence;
  // Whether the others of its role have it too decides where to look, whatever the cause.
  const peers = flags.filter(isOfPeers).map(statementOf);
  return {
    cause: rule.cause,
    confidence: verdict.confidence,
    summary: rule.summary(evidence),
    evidence: [...verdict.statements, ...peers],
    remedies: rule.remedies(evidence),
    loss,
    listener: focus === null ? null : { seen: focus.listener, attribution: focus.attribution },
  };
}

const UNKNOWN_CONFIDENCE = 0.3;

/** Something is unusual, and none of the causes that are known explains it. */
function unknown({ flags, loss }: Evidence): Diagnosis {
  return {
    cause: "UNKNOWN",
    contributing: [],
    severity: "INFO",
    confidence: UNKNOWN_CONFIDENCE,
    summary: `Something is unusual, and no known cause explains it. ${flags[0]?.text ?? ""}`.trim(),
    evidence: flags.map(statementOf),
    remedies: [],
    loss,
    listener: null,
  };
}

const isOfPeers = ({ detector }: Flag) => detector === "peers";

/**
 * What is no trouble by itself: to differ from others of the role, and to have changed for good, mostly by load that
 * came or went. Of a busy fleet each of a thousand hosts does so every other week; that is drawn on the plots.
 */
const isNote = ({ detector }: Flag) => detector === "peers" || detector === "changepoint";

/** What a detector found, as evidence. */
function statementOf({ text, series, observed }: Flag): Statement {
  return {
    statement: text,
    counter: /^Tcp/.test(series) ? series : null,
    value: observed,
    listener: null,
  };
}
