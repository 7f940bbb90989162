import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatTime } from "../../format/times.ts";
import { AuditDocument, type AuditQuery } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Pager } from "../../ui/pager.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useView } from "../../view/use-view.ts";
import type { SectionProps } from "./page.tsx";
import { LacksScope } from "./parts.tsx";

type Edge = AuditQuery["audit"]["edges"][number];

/** Who changed what, the newest first. */
export function AuditSection({ scopes }: SectionProps) {
  if (scopes.includes("admin")) return <Audit />;
  return (
    <Card title="Audit log">
      <LacksScope scope="admin" toDo="read the audit log" />
    </Card>
  );
}

function Audit() {
  const { zone } = useView();
  const [after, setAfter] = useState<readonly string[]>([]);
  const data = useData(AuditDocument, { after: after.at(-1) ?? null });
  const columns: readonly Column<Edge>[] = [
    {
      key: "at",
      head: "When",
      whole: true,
      cell: ({ node }) => formatTime(Date.parse(node.at), zone, { seconds: true }),
    },
    { key: "who", head: "Who", cell: ({ node }) => <span className="row-name">{node.actor}</span> },
    { key: "what", head: "What", cell: ({ node }) => <code>{node.action}</code> },
    { key: "target", head: "Of", grow: true, cell: ({ node }) => node.target },
  ];
  return (
    <Card title="Audit log" note="Each change, from the transaction that made it." flush>
      <Loaded data={data}>
        {({ audit: { edges, pageInfo } }) =>
          edges.length === 0 ? (
            <Empty icon="note" title="Nothing has been changed yet" />
          ) : (
            <>
              <Table caption="Audit log" columns={columns} rows={edges} rowKey={({ cursor }) => cursor} />
              <Pager
                text={`Page ${after.length + 1}`}
                back={after.length === 0 ? null : () => setAfter(after.slice(0, -1))}
                next={pageInfo.hasNextPage ? () => setAfter([...after, pageInfo.endCursor ?? ""]) : null}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
