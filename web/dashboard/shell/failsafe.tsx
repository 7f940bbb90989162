import { Component, type ReactNode } from "react";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";

interface Fault {
  readonly fault: Error | null;
}

/** A page that fails takes nothing else with it; so does one whose code was replaced by a newer version's. */
export class Failsafe extends Component<{ readonly children: ReactNode }, Fault> {
  override state: Fault = { fault: null };

  static getDerivedStateFromError(fault: Error): Fault {
    return { fault };
  }

  override render() {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return (
      <Page title="This page failed">
        <Empty
          icon="warning"
          title="Something went wrong in this page"
          action={
            <button type="button" className="button" onClick={() => location.reload()}>
              Load it again
            </button>
          }
        >
          <p>{fault.message}</p>
        </Empty>
      </Page>
    );
  }
}
