import { useState } from "react";
import { Link, useLocation } from "wouter";
import { live } from "../client/live.ts";
import { useSignal } from "../client/signal.ts";
import { useData } from "../client/use-data.ts";
import { useLive } from "../client/use-live.ts";
import { IncidentChangesDocument, ShellDocument } from "../generated/documents.ts";
import { NAVIGATION } from "../pages/registry.ts";
import { chooseTheme, chosenTheme, THEMES } from "../theme/theme.ts";
import { Icon } from "../ui/icon.tsx";
import { useView } from "../view/use-view.ts";

const COUNT_EVERY_MS = 20_000;

export function Sidebar() {
  const [path] = useLocation();
  const { href } = useView();
  const { data, refresh } = useData(ShellDocument, {}, { everyMs: COUNT_EVERY_MS });
  useLive(IncidentChangesDocument, {}, refresh);
  const open = data?.incidents.edges.filter(({ node }) => node.inhibitedBy === null).length ?? 0;
  const more = data?.incidents.pageInfo.hasNextPage === true;
  return (
    <div className="sidebar">
      <Link href={href("/")} className="brand">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        <span>Spillway</span>
      </Link>
      <nav aria-label="Main" className="nav">
        {NAVIGATION.map(({ path: to, name, icon }) => {
          const here = to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`);
          return (
            <Link key={to} href={href(to)} className="nav-item" {...(here ? { "aria-current": "page" } : {})}>
              <Icon name={icon} />
              <span>{name}</span>
              {to === "/incidents" && (open > 0 || more) && (
                <span className="nav-count">
                  {open}
                  {more && "+"}
                  <span className="visually-hidden"> not resolved</span>
                </span>
              )}
            </Link>
          );
        })}
      </nav>
      <div className="sidebar-foot">
        {data?.system.simulated === true && (
          <p className="live demo-note">
            Simulated<span className="demo-more"> hosts: a demo</span>
          </p>
        )}
        <LiveDot />
        <Link href="/add-host" className="button button-block">
          <Icon name="plus" size={16} /> Add a host
        </Link>
        <div className="who">
          <span className="who-name" title={data?.viewer.scopes.join(", ")}>
            {data?.viewer.name ?? " "}
          </span>
          <ThemeButton />
          <form method="post" action="/sign-out">
            <button type="submit" className="icon-button" title="Sign out" aria-label="Sign out">
              <Icon name="out" />
            </button>
          </form>
        </div>
      </div>
    </div>
  );
}

const LIVE_WORDS = {
  idle: "Live when needed",
  connecting: "Connecting",
  connected: "Live",
  lost: "Not live",
} as const;

function LiveDot() {
  const state = useSignal(live);
  if (state === "idle") return null;
  return (
    <p className={`live live-${state}`} role="status">
      <span className="live-dot" aria-hidden="true" />
      {LIVE_WORDS[state]}
    </p>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      className="icon-button"
      title={`Colours: ${theme}. Switch to ${next}`}
      aria-label={`Colours: ${theme}. Switch to ${next}`}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    >
      <Icon name={theme === "dark" ? "moon" : theme === "light" ? "sun" : "auto"} />
    </button>
  );
}
