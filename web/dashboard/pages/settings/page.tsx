import type { ComponentType } from "react";
import { Link, useParams } from "wouter";
import { useData } from "../../client/use-data.ts";
import { SettingsViewerDocument } from "../../generated/documents.ts";
import { Page } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { useView } from "../../view/use-view.ts";
import { AuditSection } from "./audit.tsx";
import { EventsSection } from "./events.tsx";
import { ReceiversSection } from "./receivers.tsx";
import "./settings.css";
import { SilencesSection } from "./silences.tsx";
import { SystemSection } from "./system.tsx";
import { TokensSection } from "./tokens.tsx";

export interface SectionProps {
  /** What whoever looks may do. */
  readonly scopes: readonly string[];
}

interface Section {
  readonly key: string;
  readonly name: string;
  readonly component: ComponentType<SectionProps>;
}

const SECTIONS: readonly Section[] = [
  { key: "system", name: "System", component: SystemSection },
  { key: "tokens", name: "Tokens", component: TokensSection },
  { key: "receivers", name: "Receivers", component: ReceiversSection },
  { key: "silences", name: "Silences", component: SilencesSection },
  { key: "events", name: "Events", component: EventsSection },
  { key: "audit", name: "Audit log", component: AuditSection },
];

export default function SettingsPage() {
  const { href } = useView();
  const { section = "system" } = useParams<{ readonly section?: string }>();
  const found = SECTIONS.find(({ key }) => key === section);
  const data = useData(SettingsViewerDocument, {});
  return (
    <Page
      title={found === undefined || section === "system" ? "Settings" : found.name}
      actions={
        <Link href={href("/add-host")} className="button">
          Add a host
        </Link>
      }
    >
      <nav className="settings-nav" aria-label="Settings">
        {SECTIONS.map(({ key, name }) => (
          <Link key={key} href={href(`/settings/${key}`)} aria-current={key === section ? "page" : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      {found === undefined ? (
        <Empty icon="settings" title="There are no such settings" />
      ) : (
        <Loaded data={data}>{({ viewer }) => <found.component scopes={viewer.scopes} />}</Loaded>
      )}
    </Page>
  );
}
