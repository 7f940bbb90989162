import { Router } from "express";
import { SEED_COUNTERS } from "../catalog/catalog.ts";
import type { PrismaClient } from "../store/client.ts";
import type { FleetView } from "../store/fleet-view.ts";
import type { SnapshotReader } from "../store/history/snapshot-reader.ts";
import { UnreadableError } from "../store/history/unreadable.ts";
import { registerRoot } from "../store/namespaces.ts";
import { type LatestValue, readLatest } from "../store/queries/latest.ts";
import { callerOf } from "./access.ts";
import { escapeHtml, PAGE_CSS, page } from "./page.ts";

export interface HomeDeps {
  readonly db: PrismaClient;
  readonly fleet: FleetView;
  readonly reader: SnapshotReader;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Hosts on the first page; the API has the rest. */
const HOSTS_SHOWN = 50;
const SIGN_OUT = `<form method="post" action="/sign-out"><p><button>Sign out</button></p></form>`;

/** `/`: the fleet's hosts with the newest values of the counters that the service is about. */
export function homeRoutes(deps: HomeDeps): Router {
  const router = Router();
  router.get("/page.css", (_request, response) => {
    response.set("Cache-Control", "public, max-age=3600").type("css").send(PAGE_CSS);
  });
  router.get("/", async (_request, response) => {
    response.set("Cache-Control", "no-store");
    if (callerOf(response)?.scopes.includes("read") !== true) {
      return response
        .status(401)
        .type("html")
        .send(
          page(
            "Spillway",
            '<p><a href="/sign-in">Sign in</a> by a token, or by the link that the service prints when it starts.</p>',
          ),
        );
    }
    return response.type("html").send(page("Fleet", `${await fleetTable(deps)}\n${SIGN_OUT}`));
  });
  return router;
}

/** A host whose newest snapshot is damaged keeps nobody from seeing the others; the API says what is wrong. */
function noneOfUnreadable(error: unknown): LatestValue[] {
  if (error instanceof UnreadableError) return [];
  throw error;
}

async function fleetTable({ db, fleet, reader, now }: HomeDeps): Promise<string> {
  const { hosts } = await fleet.read();
  if (hosts.length === 0)
    return "<p>No host has reported yet. The first snapshot arrives within an interval.</p>";
  const rows = await Promise.all(
    hosts.slice(0, HOSTS_SHOWN).map(async (host) => {
      const latest = await readLatest(reader, db, await registerRoot(db, host.id), now()).catch(
        noneOfUnreadable,
      );
      const values = new Map(latest.map(({ name, value }) => [name, value.toString()]));
      const cells = SEED_COUNTERS.map((name) => `<td class="number">${values.get(name) ?? ""}</td>`);
      return `<tr><td>${escapeHtml(host.name)}</td><td>${host.status}</td>${cells.join("")}</tr>`;
    }),
  );
  const heads = SEED_COUNTERS.map((name) => `<th class="number">${name.replace(/^Tcp(Ext)?/, "")}</th>`);
  return `<p>${hosts.length} host${hosts.length === 1 ? "" : "s"}; values since boot, of the host's own network namespace.</p>
<table><thead><tr><th>Host</th><th>Status</th>${heads.join("")}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table>`;
}
