import { Prose } from "./prose.tsx";

/** Advice in a table: its first sentence, and the rest for who wants it. */
export function Advice({ text }: { readonly text: string | null }) {
  if (text === null) return <span className="row-note">nothing was wrong</span>;
  const [first = text, rest] = splitSentence(text);
  if (rest === undefined) {
    return (
      <span className="advice">
        <Prose>{first}</Prose>
      </span>
    );
  }
  return (
    <details className="advice">
      <summary>
        <Prose>{first}</Prose>
      </summary>
      <p>
        <Prose>{rest}</Prose>
      </p>
    </details>
  );
}

/** At the first full stop that a capital follows: listen() and 6.5 have some of their own. */
function splitSentence(text: string): readonly string[] {
  const end = /[.;:] (?=[A-Z])/.exec(text);
  return end === null ? [text] : [text.slice(0, end.index + 1), text.slice(end.index + 2)];
}
