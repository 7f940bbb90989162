import type { ReactNode } from "react";
import { useData } from "../../client/use-data.ts";
import { sentence } from "../../format/words.ts";
import { CounterDocument, type CounterQuery } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Prose } from "../../ui/prose.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";

type Counter = NonNullable<CounterQuery["counter"]>;

/** One counter in full. */
export function CounterEntry({ name }: { readonly name: string }) {
  const data = useData(CounterDocument, { name });
  return (
    <Card className="counters-entry">
      <Loaded data={data} skeleton={<Skeleton lines={10} />}>
        {({ counter }) =>
          counter === null ? (
            <Empty icon="counters" title={`${name} is no counter that is known`}>
              <p>No host has it, and the catalog does not.</p>
            </Empty>
          ) : (
            <Entry counter={counter} />
          )
        }
      </Loaded>
    </Card>
  );
}

function Entry({ counter }: { readonly counter: Counter }) {
  const { name, kind, unit, meaning, implies, remedy, netstatText, aliases, caveats, incrementedBy } =
    counter;
  return (
    <article className="counter">
      <h2 className="counter-name">
        <code>{name}</code>
      </h2>
      <p className="row-note">
        {sentence(kind)}, in {unit}
      </p>
      <p className="counter-meaning">
        <Prose>{meaning ?? "The catalog has no words for it yet; its values are kept all the same."}</Prose>
      </p>
      {implies !== null && (
        <Part title="What it implies">
          <Prose>{implies}</Prose>
        </Part>
      )}
      {remedy !== null && (
        <Part title="What to do">
          <Prose>{remedy}</Prose>
        </Part>
      )}
      {netstatText !== null && <Part title="What netstat -s calls it">{netstatText}</Part>}
      {caveats.length > 0 && (
        <section>
          <h3>What misleads</h3>
          <ul>
            {caveats.map((caveat) => (
              <li key={caveat}>
                <Prose>{caveat}</Prose>
              </li>
            ))}
          </ul>
        </section>
      )}
      {incrementedBy.length > 0 && (
        <section>
          <h3>When the kernel counts</h3>
          <dl className="counter-sites">
            {incrementedBy.map(({ function: site, file, when, since }) => (
              <div key={`${file} ${site} ${when}`}>
                <dt>
                  <code>{site}()</code>{" "}
                  <span className="row-note">
                    {file}
                    {since !== null && `, since ${since}`}
                  </span>
                </dt>
                <dd>{when}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {aliases.length > 0 && (
        <section>
          <h3>In other tools</h3>
          <p className="chips">
            {aliases.map((alias) => (
              <code key={alias} className="chip">
                {alias}
              </code>
            ))}
          </p>
        </section>
      )}
    </article>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      <p>{children}</p>
    </section>
  );
}
