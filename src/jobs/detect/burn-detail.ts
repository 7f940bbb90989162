import type { Burn } from "../../detect/detectors/slo-burn.ts";
import { lossSeverity } from "../../detect/diagnosis/severity.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import type { Whose } from "../../detect/episodes/episode.ts";
import type { Detail } from "./hand-book.ts";

/** The objective is arithmetic: what it says is as certain as the estimate of what was lost. */
const CONFIDENCE = 0.9;

/** What is told of an objective that burns. */
export function burnDetail({ rule, flag }: Burn): Detail {
  return {
    loss: null,
    burn: rule.urgency,
    diagnosis: {
      cause: "SLO_BURN",
      contributing: [],
      severity: severityOf(flag.share, flag.to),
      confidence: CONFIDENCE,
      summary: flag.text,
      evidence: [{ statement: flag.text, counter: null, listener: null, value: flag.observed }],
      remedies: [
        "Look at the incidents of these hosts in this time: each names the listener and what to change. Where there are none, each loss was too small or too short for one; the listeners that lost the most are where to begin.",
      ],
    },
  };
}

/** An objective as the incident machine sees it: it burns, or is calm. */
export function burnObservation(
  whose: Whose & { readonly subject: string },
  burn: Burn | null,
): Judgement["observations"][number] {
  return {
    ...whose,
    cause: "SLO_BURN",
    port: null,
    strength: burn === null ? 0 : 1,
    severity: burn === null ? "INFO" : severityOf(burn.flag.share, burn.flag.to),
  };
}

function severityOf(share: number | null, to: number) {
  return lossSeverity([{ to, share }], null);
}
