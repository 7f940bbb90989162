import { type ReactNode, useRef, useState } from "react";
import { LabelChip } from "../../ui/badges.tsx";
import { copyText } from "../../ui/copy.ts";
import { type Matcher, printMatcher } from "../../view/matchers.ts";

/** A secret that is shown this once. */
export function Secret({ name, secret }: { readonly name: string; readonly secret: string }) {
  return (
    <div className="secret" role="status">
      <p>
        <strong>The token “{name}” is shown this once.</strong> Copy it now: nobody can read it again.
      </p>
      <Copyable label="Token" text={secret} />
    </div>
  );
}

/** A line to be pasted elsewhere. */
export function Copyable({ label, text }: { readonly label: string; readonly text: string }) {
  const field = useRef<HTMLInputElement>(null);
  // Of which text it is said: another one is not copied because this one was.
  const [said, setSaid] = useState<{ readonly of: string; readonly isCopied: boolean } | null>(null);
  const copy = async () => {
    const isCopied = await copyText(text);
    // It gives way to the keyboard.
    if (!isCopied) field.current?.select();
    setSaid({ of: text, isCopied });
  };
  const words = said?.of !== text ? "Copy" : said.isCopied ? "Copied" : "Selected: press Ctrl+C";
  return (
    <div className="copyable">
      <input ref={field} readOnly aria-label={label} value={text} onFocus={({ target }) => target.select()} />
      <button type="button" className="button" onClick={() => void copy()}>
        {words}
      </button>
    </div>
  );
}

export function Matchers({ matchers }: { readonly matchers: readonly Matcher[] }) {
  if (matchers.length === 0) return <span className="row-note">everything</span>;
  return (
    <span className="chips">
      {matchers.map((matcher) =>
        matcher.op === "EQ" ? (
          <LabelChip key={matcher.name} name={matcher.name} value={matcher.value} />
        ) : (
          <code key={printMatcher(matcher)} className="chip">
            {printMatcher(matcher)}
          </code>
        ),
      )}
    </span>
  );
}

export function LacksScope({ scope, toDo }: { readonly scope: string; readonly toDo: string }) {
  return (
    <p className="row-note">
      To {toDo}, sign in by a token with the scope “{scope}”.
    </p>
  );
}

/** One line of a list of facts. */
export function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
