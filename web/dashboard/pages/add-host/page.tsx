import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";

export default function AddHostPage() {
  return (
    <Page title="Add a host">
      <Empty title="This page is not here yet" />
    </Page>
  );
}
