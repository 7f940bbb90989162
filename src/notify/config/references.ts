/** Secrets by reference: `${ENV:NAME}` and `${FILE:/path}` in the texts of receivers.yml. */
import { readFileSync } from "node:fs";
import type { Fault } from "../../yaml-file.ts";

export interface ReferenceSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file; by default it is read. */
  readonly readText?: (path: string) => string;
}

const REFERENCE = /\$\{([A-Z]*):([^}]*)\}/g;

/** A copy of a value with every reference in it replaced, and those that name nothing. */
export function resolveReferences(
  value: unknown,
  { environment, readText = (path) => readFileSync(path, "utf8") }: ReferenceSources,
): { readonly value: unknown; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const resolved = (kind: string, name: string): string => {
    if (kind === "ENV") {
      const text = environment[name];
      if (text === undefined || text === "") throw new Error(`the environment has no ${name}`);
      return text;
    }
    if (kind !== "FILE")
      throw new Error(`\${${kind}:...} is no reference: write \${ENV:NAME} or \${FILE:/path}`);
    // The line's end that editors put there is not part of a secret.
    return readText(name).replace(/\r?\n$/, "");
  };
  const walk = (part: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(part)) return part.map((item, index) => walk(item, [...path, index]));
    if (part !== null && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item, [...path, key])]));
    }
    if (typeof part !== "string") return part;
    try {
      return part.replace(REFERENCE, (_all, kind: string, name: string) => resolved(kind, name));
    } catch (error) {
      faults.push({ path, message: (error as Error).message });
      return part;
    }
  };
  return { value: walk(value, []), faults };
}
