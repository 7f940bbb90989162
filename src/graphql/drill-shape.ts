import type { Actor } from "../store/tokens.ts";

export type DrillKindName = "SLOW" | "SMALL_BACKLOG" | "STALLED" | "FLOOD";
export type DrillPhaseName = "PREPARING" | "RUNNING" | "ENDING" | "ENDED";

/** A drill of this process: under way, or the last one. Times in ms since 1970. */
export interface DrillShape {
  readonly kind: DrillKindName;
  readonly phase: DrillPhaseName;
  readonly startedAt: number;
  readonly startedBy: string;
  readonly endedAt: number | null;
  readonly host: string;
  readonly incidentId: number | null;
  readonly named: boolean | null;
  readonly problem: string | null;
  readonly lines: readonly string[];
}

/** Makes drills; the composition root gives it where one process is the whole service. */
export interface DrillRunner {
  /** Null before the first. */
  current(): DrillShape | null;
  /** @throws CONFLICT while one is under way */
  start(kind: DrillKindName, actor: Actor): Promise<DrillShape>;
}
