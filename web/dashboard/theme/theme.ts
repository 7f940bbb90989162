/** Light, dark, or what the system says; kept in the browser. */
export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "spillway.theme";

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme(theme);
}

/** Colours of tokens.css follow the attribute; plots, which draw on canvas, are told by the event. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event("spillway:theme"));
}

/** Calls back whenever colours have changed. @returns what ends it */
export function onThemeChange(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  window.addEventListener("spillway:theme", changed);
  return () => {
    system.removeEventListener("change", changed);
    window.removeEventListener("spillway:theme", changed);
  };
}

/** A token's value now: for canvas, which knows no variables. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
