import { ICON_LINK } from "./icon.ts";

/** A small page of the service's own. `body` is HTML; what goes into it from outside is escaped by `escapeHtml`. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Spillway</title>
${ICON_LINK}
<link rel="stylesheet" href="/page.css">
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export const PAGE_CSS = `:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 80rem; margin: 3rem auto; padding: 0 1.25rem; overflow-x: auto; }
h1 { font-size: 1.5rem; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
pre { padding: 0.75rem 1rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.35rem 1rem 0.35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
button { font: inherit; padding: 0.3rem 0.9rem; }
`;
