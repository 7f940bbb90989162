import type { Judgement } from "../../detect/episodes/book.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { burnDetail, burnObservation } from "./burn-detail.ts";
import { burnSubject, type Detail, type HandBook } from "./hand-book.ts";
import type { IncidentWriter } from "./incident-writer.ts";
import type { BurnStep } from "./judge-burns.ts";
import { roleOf, roleSizes } from "./roles.ts";

/** What burnt so long ago is told of nobody. */
const REACH_MS = 60 * MINUTE_MS;

interface ObjectivesDeps {
  readonly hand: HandBook;
  readonly writer: Pick<IncidentWriter, "take">;
  readonly fleet: Pick<Fleet, "hosts" | "hostById" | "ownerOf">;
  readonly roleLabels: readonly string[];
  readonly now: number;
}

/** The objectives of a shard's namespaces over some minutes: those that burn, and those that did before. */
export class Objectives {
  /** Ids of the namespaces whose objective is judged. */
  readonly #ids: ReadonlySet<number>;
  readonly #steps: readonly BurnStep[];
  readonly #namespaceAt: (position: number) => number;

  /** @param burning ids of namespaces whose objective burnt before these steps */
  constructor(
    burning: readonly number[],
    steps: readonly BurnStep[],
    namespaceAt: (position: number) => number,
  ) {
    this.#steps = steps;
    this.#namespaceAt = namespaceAt;
    this.#ids = new Set([
      ...burning,
      ...steps.flatMap(({ burns }) => [...burns.keys()].map((position) => namespaceAt(position))),
    ]);
  }

  /** Nothing burns, and nothing did. */
  get isQuiet(): boolean {
    return this.#ids.size === 0;
  }

  /** Judges the end of each minute, in their order. @returns the ids of those whose incident is on */
  async judge({ hand, writer, fleet, roleLabels, now }: ObjectivesDeps): Promise<number[]> {
    const sizes = roleSizes(fleet, roleLabels);
    for (const { at, burns } of this.#steps) {
      if (now - at > REACH_MS) continue;
      const byId = new Map([...burns].map(([position, burn]) => [this.#namespaceAt(position), burn]));
      for (const id of [...this.#ids].sort((a, b) => a - b)) {
        const host = fleet.hostById.get(fleet.ownerOf.get(id) ?? -1);
        if (host === undefined) continue;
        const burn = byId.get(id) ?? null;
        const subject = burnSubject(id);
        const whose = { subject, host: String(host.id), role: roleOf(host.labels, roleLabels) };
        const judgement: Judgement = {
          source: subject,
          at,
          judges: "counters",
          observations: [burnObservation(whose, burn)],
          judged: new Set([subject]),
          sizes,
        };
        const details = new Map<string, Detail>(burn === null ? [] : [[subject, burnDetail(burn)]]);
        await writer.take(judgement, details);
      }
    }
    return [...this.#ids].filter((id) => isOn(hand, burnSubject(id))).sort((a, b) => a - b);
  }
}

function isOn({ book }: HandBook, subject: string): boolean {
  return [...book.episodes.values()].some(
    (episode) => episode.subject === subject && episode.phase !== "closed",
  );
}
