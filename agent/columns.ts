/** How a column is filled up; the last one is never. */
export type Align = "left" | "right";

/** Lines of a table, without spaces at their ends. */
export function columns(rows: readonly (readonly string[])[], align: readonly Align[]): string[] {
  const widths = align.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    align
      .map((side, column) => {
        const cell = row[column] ?? "";
        return side === "right" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}
