import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function IncidentPage() {
  return (
    <Page title="Incident">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
