import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function IncidentsPage() {
  return (
    <Page title="Incidents">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
