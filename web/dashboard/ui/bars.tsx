export interface BarProps {
  /** 0 to 1, and above where it is over its limit; null when not known. */
  readonly fill: number | null;
  /** What the bar says, in words: 130 of 128. */
  readonly text: string;
  /** From here on it is bad. */
  readonly bad?: number;
  /** A second mark on it, 0 to 1: the highest that was seen. */
  readonly peak?: number | null;
}

/** How full something is, as a bar with its numbers beside it. */
export function Bar({ fill, text, bad = 0.8, peak = null }: BarProps) {
  const worst = Math.max(fill ?? 0, peak ?? 0);
  const tone = worst >= 1 ? "critical" : worst >= bad ? "major" : "calm";
  return (
    <span className={`bar bar-${tone}`}>
      <span className="bar-track" aria-hidden="true">
        <span className="bar-fill" style={{ width: `${Math.min(1, fill ?? 0) * 100}%` }} />
        {peak !== null && peak > 0 && (
          <span className="bar-peak" style={{ left: `${Math.min(1, peak) * 100}%` }} />
        )}
      </span>
      <span className="bar-text number">{text}</span>
    </span>
  );
}

/** A part of a whole, for rankings: the bar's length is its share of the greatest. */
export function RankBar({ share }: { readonly share: number }) {
  return (
    <span className="rank-bar" aria-hidden="true">
      <span style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} />
    </span>
  );
}
