/** What a plot shows, apart from how it is drawn. Pure. */

export interface PlotSeries {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Of the palette, 1 to 8. */
  readonly color: number;
  /** Between these the truth lies, beside `values` as the estimate. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
}

/** Something that happened: a line, or with `to` a stretch. */
export interface Mark {
  readonly kind: "event" | "reset" | "gap" | "anomaly" | "incident";
  /** ms since 1970 */
  readonly at: number;
  readonly to?: number;
  readonly text: string;
}
