import { Prose } from "./prose.tsx";

/** Of a listener of the API, what is looked at. */
export interface Advised {
  readonly advice: string | null;
  readonly backlog: number | null;
  readonly peakFill: number | null;
}

/** Advice in a table: its first sentence, and the rest for who wants it. Of what was not seen nothing is said to be well. */
export function Advice({ advice: text, backlog, peakFill }: Advised) {
  if (text === null) {
    const words =
      backlog === null
        ? "its limit was not seen"
        : peakFill === null
          ? "not seen in this range"
          : "nothing was wrong";
    return <span className="row-note">{words}</span>;
  }
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
