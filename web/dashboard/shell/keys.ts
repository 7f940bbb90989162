/** The keyboard map. */
export interface Keys {
  /** Pressed one after another. */
  readonly keys: readonly string[];
  readonly does: string;
}

export function keysOf(
  navigation: readonly { readonly name: string; readonly key: string }[],
): readonly Keys[] {
  return [
    { keys: ["/"], does: "Search" },
    ...navigation.map(({ name, key }) => ({ keys: ["g", key], does: `Go to ${name.toLowerCase()}` })),
    { keys: ["?"], does: "These keys" },
    { keys: ["Esc"], does: "Leave a field, close a dialog" },
  ];
}

/** Whether keys are text just now. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
