import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function CountersPage() {
  return (
    <Page title="Counters">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
