import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatAgo } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { ReceiversDocument, type ReceiversQuery, TestReceiverDocument } from "../../generated/documents.ts";
import { Badge, type Tone } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useNow } from "../../view/use-now.ts";
import { useChange } from "./change.ts";
import type { SectionProps } from "./page.tsx";
import { LacksScope } from "./parts.tsx";

type Receiver = ReceiversQuery["receivers"][number];

const STATES: Readonly<Record<NonNullable<Receiver["state"]>, readonly [tone: Tone, says: string]>> = {
  OK: ["good", "Works"],
  FAILING: ["critical", "Failing"],
  DISABLED: ["major", "Wants nothing more"],
};

interface Tested {
  readonly name: string;
  readonly delivered: boolean;
  /** What the far end answered, or why nothing was. */
  readonly answer: string;
}

/** Where incidents are told, with a message to try each. */
export function ReceiversSection({ scopes }: SectionProps) {
  const data = useData(ReceiversDocument, {}, { everyMs: 15_000 });
  const change = useChange();
  const now = useNow();
  const [tested, setTested] = useState<Tested | null>(null);
  const mayTest = scopes.includes("operate");
  const test = async (name: string) => {
    setTested(null);
    const answer = await change.run(TestReceiverDocument, { name });
    if (answer === null) return;
    const { status, lastAnswer } = answer.testReceiver;
    setTested({ name, delivered: status === "DELIVERED", answer: lastAnswer ?? "" });
    data.refresh();
  };
  const columns: readonly Column<Receiver>[] = [
    { key: "name", head: "Receiver", cell: ({ name }) => <span className="row-name">{name}</span> },
    { key: "kind", head: "Kind", cell: ({ kind }) => sentence(kind) },
    { key: "target", head: "Target", wide: true, cell: ({ target }) => <code>{target}</code> },
    {
      key: "state",
      head: "State",
      grow: true,
      cell: (receiver) => <ReceiverState receiver={receiver} now={now} />,
    },
    {
      key: "test",
      head: <span className="visually-hidden">Test</span>,
      cell: ({ name }) =>
        mayTest && (
          <button
            type="button"
            className="button button-small"
            disabled={change.busy}
            aria-label={`Send a test to ${name}`}
            onClick={() => void test(name)}
          >
            Send a test
          </button>
        ),
    },
  ];
  return (
    <div className="stack">
      <Fault text={change.fault} />
      {tested !== null && <TestResult {...tested} />}
      <Card
        title="Receivers"
        note="Where incidents are told. They are set in the service's receivers.yml."
        flush
      >
        <Loaded data={data}>
          {({ receivers }) =>
            receivers.length === 0 ? (
              <Empty icon="bell" title="Nobody is told of incidents">
                <p>
                  Name a webhook, Alertmanager, PagerDuty, Slack or e-mail receiver in receivers.yml, in the
                  service's data folder.
                </p>
              </Empty>
            ) : (
              <Table caption="Receivers" columns={columns} rows={receivers} rowKey={({ name }) => name} />
            )
          }
        </Loaded>
      </Card>
      {!mayTest && <LacksScope scope="operate" toDo="send a test" />}
    </div>
  );
}

/** How the last attempt went, when, and since when none has gone well. */
function ReceiverState({ receiver, now }: { readonly receiver: Receiver; readonly now: number }) {
  const { state, failingSince, lastAnswer, lastDelivery } = receiver;
  if (state === null) return <span className="row-note">Nothing was sent yet</span>;
  const [tone, says] = STATES[state];
  const at = lastDelivery?.lastAttemptAt ?? null;
  return (
    <div>
      <Badge tone={tone}>{says}</Badge>{" "}
      <span className="row-note">
        {failingSince === null
          ? at !== null && `told ${formatAgo(Date.parse(at), now)}`
          : `since ${formatAgo(Date.parse(failingSince), now)}`}
      </span>
      {state !== "OK" && lastAnswer !== null && <p className="row-note">{lastAnswer}</p>}
    </div>
  );
}

function TestResult({ name, delivered, answer }: Tested) {
  return (
    <p className={`banner ${delivered ? "banner-good" : "banner-warn"}`} role="status">
      <Icon name={delivered ? "check" : "warning"} />
      <span>
        <strong>{delivered ? `${name} took the test.` : `${name} did not take the test.`}</strong> It
        answered: {answer === "" ? "nothing" : answer}
      </span>
    </p>
  );
}
