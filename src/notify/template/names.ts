import { Drop } from "liquidjs";

/** Labels: any name may be asked for, and one that there is not is null. */
export class LabelDrop extends Drop {
  readonly #labels: Readonly<Record<string, string>>;

  constructor(labels: Readonly<Record<string, string>>) {
    super();
    this.#labels = labels;
  }

  override liquidMethodMissing(name: string | number): string | null {
    return Object.hasOwn(this.#labels, name) ? (this.#labels[name] ?? null) : null;
  }
}

/**
 * The first part of a name, as `incident.titel`, that says nothing; null when each says something. What is within a
 * list, or chosen by another variable, is known only when it is rendered.
 */
export function unknownName(variables: object, segments: readonly unknown[]): string | null {
  let value: unknown = variables;
  for (const [index, segment] of segments.entries()) {
    if (typeof segment !== "string") return null;
    if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Drop)
      return null;
    if (!Object.hasOwn(value, segment)) return segments.slice(0, index + 1).join(".");
    value = (value as Readonly<Record<string, unknown>>)[segment];
  }
  return null;
}
