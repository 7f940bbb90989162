import { Suspense } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { session } from "../client/session.ts";
import { useSignal } from "../client/signal.ts";
import { PAGES } from "../pages/registry.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Skeleton } from "../ui/states.tsx";
import { Failsafe } from "./failsafe.tsx";
import { Keyboard } from "./keyboard.tsx";
import { LiveBanner } from "./live-banner.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SignedOut } from "./signed-out.tsx";

/** The frame around every page. */
export function App() {
  const over = useSignal(session.over);
  const [path] = useLocation();
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Sidebar />
      <div className="content">
        {over ? <SignedOut /> : <LiveBanner />}
        <Failsafe key={path}>
          <Suspense fallback={<Opening />}>
            <Switch>
              {PAGES.map(({ path: pattern, component }) => (
                <Route key={pattern} path={pattern} component={component} />
              ))}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </Failsafe>
      </div>
      <Keyboard />
    </div>
  );
}

function Opening() {
  return (
    <main id="main" className="page">
      <Skeleton lines={6} />
    </main>
  );
}

function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        icon="search"
        title="There is nothing at this address"
        action={<Link href="/">To the fleet</Link>}
      />
    </Page>
  );
}
