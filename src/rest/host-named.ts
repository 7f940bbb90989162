import { SpillwayError } from "../errors.ts";

/** A host as a URL names it, for GraphQL: by its id, or by its name. */
export function hostNamed(text: string): { readonly id: string } | { readonly name: string } {
  return /^host_[0-9a-f-]{36}$/.test(text) ? { id: text } : { name: text };
}

/** @throws NOT_FOUND where GraphQL answered null */
export function found<T>(value: T | null, what: string): T {
  if (value !== null) return value;
  throw new SpillwayError("NOT_FOUND", `there is no ${what}`);
}
