/**
 * The same text for the same question, in whatever order its parts are put; what is null or left out counts as not
 * said.
 */
export function questionKey(question: unknown): string {
  return JSON.stringify(canonical(question));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const said = Object.entries(value).filter(([, part]) => part != null);
  return said.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, canonical(part)]);
}
