/**
 * Takes a picture of every page of the dashboard, light and dark, wide and as on a phone, for people to look at.
 *
 *   npm run screenshots -- --token-file data/admin-token [--url http://127.0.0.1:4000] [--out screenshots] [--only host]
 *
 * The service must run and have something to show: `npm run demo` has.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page, Route } from "playwright-core";
import { openBrowser } from "../test/support/browser.ts";

const { values: options } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    "token-file": { type: "string", default: "data/admin-token" },
    out: { type: "string", default: "screenshots" },
    only: { type: "string" },
  },
});
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** Plots are drawn, and fetched data is shown, within this. */
const SETTLE_MS = 900;

/** Ids of what there is a page of each. */
async function idsOf(
  page: Page,
): Promise<{ readonly incident: string | null; readonly host: string | null }> {
  return page.evaluate(async () => {
    const query = `{
      incidents(first: 50) { edges { node { id severity hosts(first: 1) { edges { node { id } } } } } }
      hosts(first: 1) { edges { node { id } } }
    }`;
    const answer = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { data } = (await answer.json()) as {
      data: Record<
        "incidents" | "hosts",
        { edges: { node: { id: string; severity: string; hosts: { edges: { node: { id: string } }[] } } }[] }
      >;
    };
    // One that has much to show.
    const all = data.incidents.edges.map(({ node }) => node);
    const incident = all.find(({ severity }) => severity === "CRITICAL") ?? all[0];
    return {
      incident: incident?.id.replace("incident_", "") ?? null,
      host: incident?.hosts.edges[0]?.node.id ?? data.hosts.edges[0]?.node.id ?? null,
    };
  });
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${options.url}/sign-in`);
  await page.fill("#token", readFileSync(options["token-file"], "utf8").trim());
  await page.click("button");
  await page.waitForSelector("#main");
}

/** In both sizes and both schemes. @param prepare brings the page to what is to be seen */
async function takeAll(page: Page, name: string, prepare: () => Promise<void>): Promise<void> {
  if (options.only !== undefined && options.only !== name) return;
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await prepare();
      await page.waitForTimeout(SETTLE_MS);
      await page.screenshot({
        path: join(options.out, `${name}-${size}-${colorScheme}.png`),
        fullPage: true,
      });
    }
  }
  console.log(`${name} is taken`);
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(options.url + path);
  await page.waitForSelector("#main h1");
  await page.waitForSelector(".skeleton", { state: "detached" });
}

/** What is seen while an answer is on its way, when there is none, and when what is shown is no longer the newest. */
async function takeStates(page: Page, paths: Readonly<Record<string, string | null>>): Promise<void> {
  const answers = "**/graphql";
  const down = (route: Route) => route.fulfill({ status: 503, body: "" });
  for (const [name, path] of Object.entries(paths)) {
    if (path === null) continue;
    await page.route(answers, () => {});
    await takeAll(page, `${name}-loading`, async () => {
      await page.goto(options.url + path);
      await page.waitForSelector(".skeleton");
    });
    await page.unroute(answers);
    await page.route(answers, down);
    await takeAll(page, `${name}-error`, async () => {
      await page.goto(options.url + path);
      await page.waitForSelector("[role=alert]");
    });
    await page.unroute(answers);
  }
  await takeAll(page, "fleet-stale", async () => {
    await open(page, "/");
    await page.route(answers, down);
    await page.waitForSelector(".banner-warn", { timeout: 60_000 });
    await page.unroute(answers);
  });
  await takeAll(page, "nothing-there", () => open(page, "/nothing/there"));
  await takeAll(page, "incident-gone", () => open(page, "/incidents/999999999"));
}

const visit = await openBrowser(options.url);
try {
  const { page, faults } = visit;
  mkdirSync(options.out, { recursive: true });
  await takeAll(page, "sign-in", async () => {
    await page.goto(`${options.url}/sign-in`);
    await page.waitForSelector("#token");
  });
  await signIn(page);
  const { incident, host } = await idsOf(page);
  const ofIncident = incident && `/incidents/${incident}`;
  const ofHost = host && `/hosts/${host}`;
  const pages: readonly (readonly [string, string | null])[] = [
    ["fleet", "/"],
    ["incidents", "/incidents?status=all"],
    ["incident", ofIncident],
    ["hosts", "/hosts"],
    ["host", ofHost],
    ["listeners", "/listeners"],
    ["counters", "/counters"],
    ["counter", "/counters/TcpExtListenOverflows"],
    ["settings", "/settings"],
    ...["tokens", "receivers", "silences", "events", "audit"].map((section): [string, string] => [
      `settings-${section}`,
      `/settings/${section}`,
    ]),
    ["add-host", "/add-host"],
  ];
  for (const [name, path] of pages) {
    if (path !== null) await takeAll(page, name, () => open(page, path));
  }
  // Of the states the console tells, too: they are faults, made on purpose.
  for (const fault of faults) console.error(fault);
  await takeStates(page, { fleet: "/", incident: ofIncident, host: ofHost, listeners: "/listeners" });
} finally {
  await visit.close();
}
