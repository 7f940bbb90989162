export interface SparklineProps {
  readonly values: readonly (number | null)[];
  /** What it shows, for who does not see it. */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
}

/** The course of something in a line without axes; where nothing is known it is broken. */
export function Sparkline({ values, label, width = 120, height = 28 }: SparklineProps) {
  const most = Math.max(1e-12, ...values.map((value) => value ?? 0));
  const x = (index: number) => (values.length < 2 ? 0 : (index / (values.length - 1)) * width);
  const y = (value: number) => height - 1.5 - (value / most) * (height - 3);
  let path = "";
  let drawing = false;
  values.forEach((value, index) => {
    if (value === null) drawing = false;
    else {
      path += `${drawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      drawing = true;
    }
  });
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}
