/** `ok`: as it should be; `warn`: the agent runs and sees or keeps less; `FAIL`: it cannot do its work. */
export type Status = "ok" | "warn" | "FAIL";

/** What one check found. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly check: string;
  readonly status: Status;
  /** A sentence; of what is not ok, with the way to mend it. */
  readonly message: string;
}

/** The capabilities that a part of the agent has set, by their names; the value is why one is not available. */
export function createVerdicts(): {
  readonly set: (name: string, available: boolean, reason?: string) => void;
  /** null: it is available, or was never judged. */
  readonly whyNot: (name: string) => string | null;
} {
  const reasons = new Map<string, string | null>();
  return {
    set: (name, available, reason) =>
      void reasons.set(name, available ? null : (reason ?? "no reason is known")),
    whyNot: (name) => reasons.get(name) ?? null,
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
