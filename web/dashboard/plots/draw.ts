/** Marks on the canvas of a plot. */
import type UPlot from "uplot";
import { token } from "../theme/theme.ts";
import type { Mark } from "./model.ts";

const COLORS: Readonly<Record<Mark["kind"], string>> = {
  event: "--series-7",
  reset: "--text-3",
  gap: "--border",
  anomaly: "--major",
  incident: "--critical",
};
/** Each kind of line has a dash of its own: colours alone tell nobody everything. A gap is a stretch alone. */
const DASHES: Readonly<Record<Mark["kind"], readonly number[]>> = {
  event: [],
  reset: [2, 3],
  gap: [],
  anomaly: [6, 3],
  incident: [10, 3, 2, 3],
};

/** Stretches lie under the lines. */
export function drawStretches(plot: UPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { kind, at, to } of marks) {
    if (to === undefined) continue;
    const left = clamp(plot.valToPos(at / 1_000, "x", true), bbox.left, bbox.left + bbox.width);
    const right = clamp(plot.valToPos(to / 1_000, "x", true), bbox.left, bbox.left + bbox.width);
    ctx.globalAlpha = kind === "gap" ? 0.5 : 0.14;
    ctx.fillStyle = token(COLORS[kind]);
    ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
  }
  ctx.restore();
}

/** Lines over everything, with a small flag on top. */
export function drawMarks(plot: UPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  for (const { kind, at } of marks) {
    if (kind === "gap") continue;
    const x = Math.round(plot.valToPos(at / 1_000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = token(COLORS[kind]);
    ctx.fillStyle = token(COLORS[kind]);
    ctx.setLineDash(DASHES[kind].map((length) => length * ratio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, bbox.top - 6 * ratio);
    ctx.lineTo(x + 4 * ratio, bbox.top - 6 * ratio);
    ctx.lineTo(x, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
