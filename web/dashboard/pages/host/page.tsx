import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function HostPage() {
  return (
    <Page title="Host">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
