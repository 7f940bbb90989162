import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function ListenersPage() {
  return (
    <Page title="Listeners">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
