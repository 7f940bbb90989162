import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { AddHostDocument, type AddHostQuery, CreateTokenDocument } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Fault } from "../../ui/fault.tsx";
import { Page } from "../../ui/page.tsx";
import { Loaded, Skeleton } from "../../ui/states.tsx";
import { useChange } from "../settings/change.ts";
import { Copyable, LacksScope } from "../settings/parts.tsx";
import "../settings/settings.css";
import "./add-host.css";
import { Arrivals } from "./arrivals.tsx";

/** The line that adds a host, and whether it has arrived. */
export default function AddHostPage() {
  const data = useData(AddHostDocument, {});
  return (
    <Page title="Add a host" lead="An agent on the host reads what its kernel counts, and pushes it here.">
      <Loaded data={data} skeleton={<Skeleton height={240} />}>
        {(answer) => <Steps answer={answer} />}
      </Loaded>
    </Page>
  );
}

function Steps({ answer: { viewer, system } }: { readonly answer: AddHostQuery }) {
  const change = useChange();
  const [secret, setSecret] = useState<string | null>(null);
  // Hosts that were there before this page was opened are not what is waited for.
  const [openedAt] = useState(() => Date.parse(system.time));
  const make = async () => {
    const input = { name: "agents, added in the dashboard", scopes: ["ingest"] };
    const answer = await change.run(CreateTokenDocument, { input });
    if (answer !== null) setSecret(answer.createToken.secret);
  };
  return (
    <div className="stack add-host">
      {system.reachableUrl === null && <LoopbackOnly />}
      <Card title="1. A token for its agent" note="It may push, and reads nothing.">
        {!viewer.scopes.includes("admin") ? (
          <LacksScope scope="admin" toDo="make a token here" />
        ) : secret === null ? (
          <button
            type="button"
            className="button button-primary"
            disabled={change.busy}
            onClick={() => void make()}
          >
            Make a token
          </button>
        ) : (
          <p role="status">Made. It is in the line below, and is shown this once.</p>
        )}
        <Fault text={change.fault} />
      </Card>
      <Card
        title="2. One line on the host"
        note="It installs the agent as a systemd service. Run it with sudo."
      >
        <Copyable label="Line that installs the agent" text={installLine(system.reachableUrl, secret)} />
      </Card>
      <Card title="3. Its first snapshot">
        <Arrivals since={openedAt} />
      </Card>
    </div>
  );
}

function LoopbackOnly() {
  return (
    <Card title="Other hosts cannot reach this service yet">
      <p>It listens on loopback alone. Set one of these and start it again:</p>
      <ul>
        <li>
          <code>SPILLWAY_LISTEN=0.0.0.0</code>, best with <code>SPILLWAY_TLS_CERT</code> and{" "}
          <code>SPILLWAY_TLS_KEY</code>
        </li>
        <li>
          <code>SPILLWAY_PUBLIC_URL=https://…</code>, with a proxy before it that speaks TLS
        </li>
      </ul>
      <p className="row-note">This machine's own agent needs none of it.</p>
    </Card>
  );
}

function installLine(reachableUrl: string | null, secret: string | null): string {
  const url = reachableUrl ?? "https://spillway.example.net";
  return `curl -fsS ${url}/install.sh | sudo sh -s -- --token ${secret ?? "TOKEN"}`;
}
