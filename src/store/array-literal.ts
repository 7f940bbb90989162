/**
 * Arrays as Postgres writes them in text, to be given as one parameter and cast: `${numbers(ids)}::int[]`. An array
 * that is given as such is taken apart by the client and by the driver, element by element, which costs more than
 * all else about a large insert.
 */
export function numbers(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}

/** To be cast to bytea[]. */
export function byteStrings(values: readonly (Buffer | null)[]): string {
  let text = "{";
  for (let index = 0; index < values.length; index++) {
    const bytes = values[index];
    if (index > 0) text += ",";
    text += bytes == null ? "NULL" : `"\\\\x${bytes.toString("hex")}"`;
  }
  return `${text}}`;
}
