/**
 * What a scenario file says, in plain data. README.md has the language.
 *
 * Two clocks: *real* time runs evenly, and says when a snapshot reaches the service; a snapshot is *dated* by
 * its agent, which differs from it after `[clock step]`. Both in ms from the scenario's start.
 */

/** Where something stands in a scenario file. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A fault of a script, with its file and line. */
export class ScriptError extends Error {
  constructor({ file, line }: Place, what: string) {
    super(`${file}:${line}: ${what}`);
    this.name = "ScriptError";
  }
}

/** A network namespace of a host by its name in the script; null for the root. */
export interface Target {
  readonly host: string;
  readonly namespace: string | null;
}

/** One snapshot of one namespace. */
export interface Sample {
  readonly target: Target;
  /** Counts the namespaces that have had this name: each restart of a container is another. */
  readonly incarnation: number;
  readonly realMs: number;
  readonly datedMs: number;
  /** When the service gets it: `realMs`, or the end of an outage. */
  deliveredMs: number;
  readonly uptimeMs: number;
  /** Uptime at which the namespace was born under the agent's eyes; null where it was there before. */
  readonly bornUptimeMs: number | null;
  readonly everyMs: number;
  readonly boot: string;
  readonly epoch: number;
  readonly wordSize: 32 | 64;
  /** By counter: null where the kernel names it and counts nothing; not in it where the kernel lacks it. */
  readonly values: ReadonlyMap<string, bigint | null>;
}

/** `null` stands for "none": no increase, no rate. */
export type Expected =
  | {
      readonly what: "increase";
      readonly counter: string;
      readonly overMs: number | null;
      readonly value: bigint | null;
    }
  | { readonly what: "rate"; readonly counter: string; readonly value: number | null }
  | { readonly what: "reset"; readonly atMs: number | null }
  | { readonly what: "gap"; readonly span: { readonly fromMs: number; readonly toMs: number } | null };

export interface Expectation {
  readonly place: Place;
  /** The line, for messages. */
  readonly text: string;
  readonly target: Target;
  /** What has been delivered by then is known; ranges end there. */
  readonly atMs: number;
  /** The interval of the target's snapshots. */
  readonly everyMs: number;
  readonly expected: Expected;
}

export interface Scenario {
  readonly file: string;
  /** The first comment of the file. */
  readonly title: string;
  readonly samples: readonly Sample[];
  readonly expectations: readonly Expectation[];
}

export function sameTarget(a: Target, b: Target): boolean {
  return a.host === b.host && a.namespace === b.namespace;
}

export function nameOf({ host, namespace }: Target): string {
  return namespace === null ? host : `${host}/${namespace}`;
}
