import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { plural } from "../../format/numbers.ts";
import { ShellDocument } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Empty } from "../../ui/states.tsx";
import { useView } from "../../view/use-view.ts";
import { DrillPanel } from "./drill.tsx";

/** Before the first host has reported. */
export function FirstScreen() {
  return (
    <Card>
      <Empty
        icon="hosts"
        title="No host has reported yet"
        action={
          <Link href="/add-host" className="button button-primary">
            <Icon name="plus" size={16} /> Add a host
          </Link>
        }
      >
        <p>
          One line on a host installs the agent, which reads the kernel's own counters and needs nothing else.
          The first numbers are here within its first interval.
        </p>
      </Empty>
    </Card>
  );
}

export function NobodyMatches() {
  const { change } = useView();
  return (
    <Card>
      <Empty
        icon="search"
        title="No host matches"
        action={
          <button type="button" className="button" onClick={() => change({ search: "", matchers: [] })}>
            Show all hosts
          </button>
        }
      >
        <p>The search and the label matchers above leave nobody over.</p>
      </Empty>
    </Card>
  );
}

/** Of a range in which no host reported: neither good nor bad. */
export function NothingKnown({ isLive }: { readonly isLive: boolean }) {
  return (
    <Card>
      <Empty icon="search" title={isLive ? "Nothing is known yet" : "Nothing is known of this range"}>
        <p>
          Whether connections were dropped cannot be said: no host's counters are known from it.{" "}
          {isLive
            ? "Those of a host that has just begun to report are here when its first minute is over."
            : "Either no agent reported then, or it is longer ago than history is kept."}
        </p>
      </Empty>
    </Card>
  );
}

/** Of a range that is over. */
export function NothingDropped() {
  return (
    <Card>
      <Empty title="No connection was dropped">
        <p>No new connection was dropped in this range on a host that reported in it.</p>
      </Empty>
    </Card>
  );
}

/** A quiet fleet: not a flat line without a word, but what it means and what would show. */
export function AllIsWell({ hosts }: { readonly hosts: number }) {
  const { data } = useData(ShellDocument, {});
  const isWell = data !== null && data.incidents.edges.length === 0;
  return (
    <Card>
      <div className="well">
        <span className="empty-icon">
          <Icon name="check" />
        </span>
        <div>
          <p className="empty-title">{isWell ? "All is well" : "No connection was dropped"}</p>
          <p>
            No listen queue overflowed and no new connection was dropped in this range, on{" "}
            {plural(hosts, "reporting host")}. If one does, this page shows:
          </p>
          <ul className="well-list">
            <li>the share of new connections that were lost or delayed, with how sure that is;</li>
            <li>which hosts, containers and listeners dropped them, and when that began;</li>
            <li>
              an incident with its cause, such as a stopped application or a queue too short, and what to do.
            </li>
          </ul>
          <DrillPanel />
        </div>
      </div>
    </Card>
  );
}
