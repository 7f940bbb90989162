/** A text of the service, in which `what is typed` stands between backticks. */
export function Prose({ children }: { readonly children: string }) {
  return children.split("`").map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a text's parts do not move
    place % 2 === 1 ? <code key={place}>{part}</code> : part,
  );
}
