import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function FleetPage() {
  return (
    <Page title="Fleet">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
