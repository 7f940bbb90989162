import { useDeferredValue } from "react";
import { Link, useParams } from "wouter";
import { useData } from "../../client/use-data.ts";
import { plural } from "../../format/numbers.ts";
import { shortCounter } from "../../format/words.ts";
import { CountersDocument, type CountersQuery } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { useParam, useView } from "../../view/use-view.ts";
import { CounterEntry } from "./entry.tsx";
import "./counters.css";

type Row = CountersQuery["counters"][number];

/** The groups that the service is about come first. */
const FIRST = ["TcpExt", "Tcp"];
const BEGIN: readonly (readonly [name: string, says: string])[] = [
  ["TcpExtListenOverflows", "An accept queue was full: the application does not accept fast enough."],
  [
    "TcpExtListenDrops",
    "All handshakes that listeners refused; overflows are among them, and other reasons.",
  ],
  [
    "TcpExtTCPReqQFullDoCookies",
    "The SYN queue was full, and cookies were sent instead: many clients, or a flood.",
  ],
  ["TcpAttemptFails", "Connections that came to nothing before they were established, in and out."],
  ["TcpPassiveOpens", "Connections that came in: what the drops are measured against."],
  ["TcpActiveOpens", "Connections that the host opens itself."],
  ["TcpCurrEstab", "Connections that are open now: a gauge, which has no rate."],
  ["TcpEstabResets", "Open connections that ended by a reset, from either side."],
];

/** What the kernel counts: every counter that is known, and one of them in full. */
export default function CountersPage() {
  const { name } = useParams<{ readonly name?: string }>();
  const [search, setSearch] = useParam("find");
  const asked = useDeferredValue(search);
  const data = useData(CountersDocument, { search: asked });
  return (
    <Page
      title={name === undefined ? "Counters" : shortCounter(name)}
      lead="What the kernel counts, when it does, and what it means when a counter grows."
    >
      <div className={name === undefined ? "counters" : "counters counters-one"}>
        <Card className="counters-list" flush>
          <label className="counters-search">
            <span className="visually-hidden">Search counters</span>
            <input
              type="search"
              placeholder="A name, a line of netstat -s, a word"
              value={search ?? ""}
              onChange={({ target }) => setSearch(target.value === "" ? null : target.value)}
            />
          </label>
          <Loaded data={data} skeleton={<Skeleton lines={14} />}>
            {({ counters }) => <Index rows={counters} current={name ?? null} search={asked} />}
          </Loaded>
        </Card>
        {name === undefined ? <Begin /> : <CounterEntry name={name} />}
      </div>
    </Page>
  );
}

/** What there is to read first, before a counter is chosen. */
function Begin() {
  const { href } = useView();
  return (
    <Card className="counters-entry" title="Where to begin" note="The counters that overflows are told by">
      <dl className="counters-begin">
        {BEGIN.map(([name, says]) => (
          <div key={name}>
            <dt>
              <Link href={href(`/counters/${name}`)}>{shortCounter(name)}</Link>
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

interface IndexProps {
  readonly rows: readonly Row[];
  readonly current: string | null;
  readonly search: string | null;
}

function Index({ rows, current, search }: IndexProps) {
  const { href } = useView();
  const query = search === null ? "" : `find=${encodeURIComponent(search)}`;
  const pathOf = (name: string) => {
    const path = href(`/counters/${name}`);
    return query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
  };
  if (rows.length === 0) {
    return (
      <Empty icon="search" title="No counter is called so">
        <p>Names of other tools are understood too, as are lines of netstat -s.</p>
      </Empty>
    );
  }
  const groups = [...new Set([...FIRST, ...rows.map(({ group }) => group)])].filter((group) =>
    rows.some((row) => row.group === group),
  );
  return (
    <nav aria-label="Counters" className="counters-index">
      <p className="row-note counters-count">{plural(rows.length, "counter")}</p>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h2>{group}</h2>
          <ul>
            {rows
              .filter((row) => row.group === group)
              .map(({ name, meaning }) => (
                <li key={name}>
                  <Link href={pathOf(name)} aria-current={name === current ? "page" : undefined}>
                    <span className="counters-name">{shortCounter(name)}</span>
                    {meaning !== null && <span className="row-note">{meaning}</span>}
                  </Link>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}
