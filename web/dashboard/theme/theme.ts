/** Light, dark, or what the system says; kept in the browser. */
export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "spillway.theme";

const system = matchMedia("(prefers-color-scheme: dark)");
const followers = new Set<() => void>();
system.addEventListener("change", () => applyTheme(chosenTheme()));

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
}

/** Colours of tokens.css follow the attribute, whoever chose them; plots, which draw on canvas, are called back. */
export function applyTheme(theme: Theme): void {
  const dark = theme === "system" ? system.matches : theme === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const tell of followers) tell();
}

/** Calls back whenever colours have changed. @returns what ends it */
export function onThemeChange(changed: () => void): () => void {
  followers.add(changed);
  return () => followers.delete(changed);
}

/** A token's value now: for canvas, which knows no variables. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
