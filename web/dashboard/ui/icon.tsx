/** Line icons of the dashboard's own, 20 x 20; they say nothing that is not said in words beside them. */
const PATHS = {
  fleet: "M3 16V9h4v7zM8.5 16V4h4v12zM14 16v-5h3v5z",
  incidents: "M10 3l7.5 13.5h-15zM10 8.5v3.5M10 14.2v.1",
  hosts: "M3.5 3.5h13v5h-13zM3.5 11.5h13v5h-13zM6 6h.1M6 14h.1",
  listeners: "M10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.8 14.2a6 6 0 0 1 0-8.4M14.2 5.8a6 6 0 0 1 0 8.4",
  counters: "M4 4h9l3 3v9H4zM7 9h6M7 12.5h6",
  settings:
    "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5L15 15M15 5l-1.5 1.5M6.5 13.5L5 15",
  check: "M4 10.5l4 4 8-9",
  warning: "M10 3l7.5 13.5h-15zM10 8.5v3.5M10 14.2v.1",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-.9.9M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l.9-.9",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
  close: "M5 5l10 10M15 5L5 15",
  plus: "M10 4v12M4 10h12",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.2l2.8 1.6",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1",
  auto: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3v14M10 6h4.5M10 10h7M10 14h4.5",
  moon: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z",
  play: "M6 4l10 6-10 6z",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3",
  note: "M4 4h12v9l-3.5 3.5H4zM12.5 16v-3.5H16",
  keyboard: "M2.5 5.5h15v9h-15zM5.5 8.5h.1M8.5 8.5h.1M11.5 8.5h.1M14.5 8.5h.1M6.5 11.5h7",
  out: "M8 4H4v12h4M8 10h9M14 7l3 3-3 3",
  right: "M8 5l5 5-5 5",
  container: "M3.5 7l6.5-3.5L16.5 7v6L10 16.5 3.5 13zM3.5 7l6.5 3.5L16.5 7M10 10.5v6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
