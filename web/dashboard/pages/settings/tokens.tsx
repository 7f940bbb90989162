import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { formatAgo } from "../../format/times.ts";
import {
  CreateTokenDocument,
  RevokeTokenDocument,
  RotateTokenDocument,
  TokensDocument,
  type TokensQuery,
} from "../../generated/documents.ts";
import { Badge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useNow } from "../../view/use-now.ts";
import { type Change, useChange } from "./change.ts";
import type { SectionProps } from "./page.tsx";
import { LacksScope, Secret } from "./parts.tsx";

type Token = TokensQuery["tokens"][number];

const SCOPES = [
  ["ingest", "push snapshots"],
  ["read", "see everything"],
  ["operate", "handle incidents"],
  ["admin", "manage tokens and hosts"],
] as const;

/** Tokens: made, replaced and revoked. */
export function TokensSection({ scopes }: SectionProps) {
  if (!scopes.includes("admin")) {
    return (
      <Card title="Tokens">
        <LacksScope scope="admin" toDo="see and make tokens" />
      </Card>
    );
  }
  return <Tokens />;
}

function Tokens() {
  const data = useData(TokensDocument, {}, { everyMs: 30_000 });
  const change = useChange();
  const [made, setMade] = useState<{ readonly name: string; readonly secret: string } | null>(null);
  const rotate = async (id: string) => {
    const answer = await change.run(RotateTokenDocument, { id });
    if (answer === null) return;
    setMade({ name: answer.rotateToken.token.name, secret: answer.rotateToken.secret });
    data.refresh();
  };
  const revoke = async (id: string) => {
    if ((await change.run(RevokeTokenDocument, { id })) !== null) data.refresh();
  };
  return (
    <div className="stack">
      {made !== null && <Secret {...made} />}
      <Card title="Make a token" note="Each scope stands apart: one that pushes reads nothing.">
        <NewToken
          change={change}
          made={(token) => {
            setMade(token);
            data.refresh();
          }}
        />
        <Fault text={change.fault} />
      </Card>
      <Card title="Tokens" flush>
        <Loaded data={data}>
          {({ tokens }) =>
            tokens.length === 0 ? (
              <Empty icon="settings" title="There is no token yet" />
            ) : (
              <TokenTable rows={tokens} change={change} rotate={rotate} revoke={revoke} />
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

interface NewTokenProps {
  readonly change: Change;
  readonly made: (token: { readonly name: string; readonly secret: string }) => void;
}

function NewToken({ change, made }: NewTokenProps) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["read"]);
  const [expiresIn, setExpiresIn] = useState("");
  const submit = async () => {
    const input = { name: name.trim(), scopes, ...(expiresIn === "" ? {} : { expiresIn }) };
    const answer = await change.run(CreateTokenDocument, { input });
    if (answer === null) return;
    setName("");
    made({ name: answer.createToken.token.name, secret: answer.createToken.secret });
  };
  return (
    <form
      className="form settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        Name
        <input required maxLength={100} value={name} onChange={({ target }) => setName(target.value)} />
      </label>
      <fieldset className="checks">
        <legend>Scopes</legend>
        {SCOPES.map(([scope, words]) => (
          <label key={scope} className="field-inline">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={({ target }) =>
                setScopes(target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
              }
            />
            <span>
              <strong>{scope}</strong>: {words}
            </span>
          </label>
        ))}
      </fieldset>
      <label>
        Expires
        <select value={expiresIn} onChange={({ target }) => setExpiresIn(target.value)}>
          <option value="">never</option>
          <option value="7d">in a week</option>
          <option value="30d">in 30 days</option>
          <option value="365d">in a year</option>
        </select>
      </label>
      <button type="submit" className="button button-primary" disabled={change.busy || scopes.length === 0}>
        Make the token
      </button>
    </form>
  );
}

interface TokenTableProps {
  readonly rows: readonly Token[];
  readonly change: Change;
  readonly rotate: (id: string) => Promise<void>;
  readonly revoke: (id: string) => Promise<void>;
}

function TokenTable({ rows, change, rotate, revoke }: TokenTableProps) {
  const now = useNow();
  const [asked, setAsked] = useState<string | null>(null);
  const columns: readonly Column<Token>[] = [
    {
      key: "name",
      head: "Token",
      cell: ({ name, prefix }) => (
        <>
          <span className="row-name">{name}</span> <code className="row-note">{prefix}…</code>
        </>
      ),
    },
    { key: "state", head: "State", cell: (token) => <State token={token} now={now} /> },
    { key: "scopes", head: "Scopes", cell: ({ scopes }) => scopes.join(", ") },
    {
      key: "used",
      head: "Last used",
      wide: true,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : formatAgo(Date.parse(lastUsedAt), now)),
    },
    {
      key: "by",
      head: "Made by",
      wide: true,
      cell: ({ createdBy }) => createdBy ?? "the service",
    },
    {
      key: "change",
      head: <span className="visually-hidden">Changes</span>,
      cell: ({ id, name, revokedAt }) =>
        revokedAt === null && (
          <span className="row-actions">
            <button
              type="button"
              className="button button-small"
              disabled={change.busy}
              aria-label={`Rotate ${name}`}
              onClick={() => void rotate(id)}
            >
              Rotate
            </button>
            <button
              type="button"
              className="button button-small"
              disabled={change.busy}
              aria-label={asked === id ? `Revoke ${name} for good` : `Revoke ${name}`}
              onClick={() => (asked === id ? void revoke(id) : setAsked(id))}
            >
              {asked === id ? "Really revoke" : "Revoke"}
            </button>
          </span>
        ),
    },
  ];
  return <Table caption="Tokens" columns={columns} rows={rows} rowKey={({ id }) => id} />;
}

function State({ token, now }: { readonly token: Token; readonly now: number }) {
  const { revokedAt, expiresAt } = token;
  if (revokedAt !== null) return <Badge tone="neutral">Revoked</Badge>;
  if (expiresAt === null) return <Badge tone="good">Holds</Badge>;
  const at = Date.parse(expiresAt);
  if (at <= now) return <Badge tone="neutral">Expired</Badge>;
  return <Badge tone="minor">{`Expires ${formatAgo(at, now)}`}</Badge>;
}
