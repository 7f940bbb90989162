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
<p class="brand"><img src="/favicon.svg" alt="" width="32" height="32">Spillway</p>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</html>
`;
}

/** For a person who came to an address that there is not. */
export function notFoundPage(path: string): string {
  return page(
    "Not found",
    `<p>There is nothing at <code>${escapeHtml(path)}</code>.</p>
<p><a class="button" href="/">To the fleet</a></p>`,
  );
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export const PAGE_CSS = `:root { color-scheme: light dark; --bg: #f5f6f8; --surface: #fff; --border: #dfe3e8; --text: #161b22; --text-2: #4b5563; --accent: #0b62b8; --on-accent: #fff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --surface: #151b23; --border: #29313c; --text: #e8ecf1; --text-2: #b0b9c5; --accent: #6cb2f7; --on-accent: #08121e; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0; background: var(--bg); color: var(--text); }
main { max-width: 30rem; margin: 14vh auto 3rem; padding: 1.75rem 2rem; border: 1px solid var(--border); border-radius: 12px; background: var(--surface); box-shadow: 0 8px 28px rgb(16 24 40 / 8%); overflow-wrap: anywhere; }
.brand { display: flex; align-items: center; gap: 0.6rem; margin: 0 0 1.25rem; color: var(--text); font-size: 1.1rem; font-weight: 700; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; letter-spacing: -0.01em; }
p { color: var(--text-2); }
[role=alert] { color: var(--bad); }
label { font-weight: 600; color: var(--text); }
input { width: 100%; margin-top: 0.35rem; padding: 0.5rem 0.7rem; border: 1px solid var(--text-2); border-radius: 6px; background: var(--surface); color: inherit; font: inherit; }
code { font: 0.9em/1.5 ui-monospace, monospace; }
a { color: var(--accent); }
button, .button { display: inline-block; padding: 0.45rem 1.2rem; border: 0; border-radius: 6px; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
`;
