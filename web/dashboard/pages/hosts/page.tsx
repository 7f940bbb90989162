import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function HostsPage() {
  return (
    <Page title="Hosts">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
