const BLOCKS = "▁▂▃▄▅▆▇█";
const STEPS_MAX = 40;

/** A trend as text: the plot, and the highest value in it. */
export interface TrendText {
  /** `▁▁▂▅█▇`, the oldest first; `·` where nothing is known. */
  readonly plot: string;
  /** Of one second. */
  readonly highest: number;
}

/**
 * Draws values as a row of blocks. More than forty become forty, each the highest of what it stands for, so that a
 * short peak stays. Null where nothing is known, or nothing was ever above zero.
 */
export function drawTrend(values: readonly number[] | null): TrendText | null {
  if (values === null) return null;
  const steps = thin(values);
  const highest = Math.max(0, ...steps.filter(Number.isFinite));
  if (highest === 0) return null;
  const plot = steps.map((value) => {
    if (!Number.isFinite(value)) return "·";
    // Zero alone is the lowest block: what is little is still seen.
    const level = value <= 0 ? 0 : Math.max(1, Math.round((value / highest) * (BLOCKS.length - 1)));
    return BLOCKS[level];
  });
  return { plot: plot.join(""), highest };
}

function thin(values: readonly number[]): number[] {
  const length = Math.min(values.length, STEPS_MAX);
  return Array.from({ length }, (_, index) => {
    const from = Math.floor((index * values.length) / length);
    const to = Math.floor(((index + 1) * values.length) / length);
    const known = values.slice(from, to).filter(Number.isFinite);
    return known.length === 0 ? Number.NaN : known.reduce((most, value) => Math.max(most, value));
  });
}
