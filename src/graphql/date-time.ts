const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** A time of RFC 3339, whose offset is said; the seconds may be left out. @returns ms since 1970; null for what is none */
export function parseDateTime(text: string): number | null {
  const at = FORM.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
