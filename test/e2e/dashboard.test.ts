/**
 * The dashboard in a real browser, with an incident that is real: a listener that is stopped, and connections that
 * overflow its queue.
 */
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { seriousBarriers } from "../support/accessible.ts";
import { hasChromium, openBrowser, type Visit } from "../support/browser.ts";
import { SEEN, signIn } from "../support/dashboard.ts";
import { makeNetwork, type TestNetwork } from "../support/network.ts";
import { type OwnDatabaseService, startOnOwnDatabase } from "../support/own-database-service.ts";
import type { Service } from "../support/service.ts";
import { startVictim, type Victim } from "../support/victim.ts";
import { waitFor } from "../support/wait.ts";

/** Over plain HTTP to another name than loopback's, Chromium warns of headers that it does not heed there. */
const AS_SECURE = "--unsafely-treat-insecure-origin-as-secure=";

let network: TestNetwork;
let service: OwnDatabaseService;
let victim: Victim;
let incident: { readonly id: string; readonly title: string };
let hostId: string;

beforeAll(async () => {
  if (!hasChromium) return;
  network = makeNetwork();
  service = await startOnOwnDatabase({
    env: { SPILLWAY_LISTEN: network.address, SPILLWAY_INTERVAL: "1s", SPILLWAY_RATE_LIMIT_SIGN_IN: "0" },
  });
  victim = await startVictim(network, service, "1s");
  await victim.reports();
  victim.stall();
  incident = await waitFor(
    "an incident",
    async () => {
      const { data } = await service.graphql(
        "{ incidents(filter: {cause: [APPLICATION_STALLED, APPLICATION_SLOW]}) { edges { node { id title } } } }",
      );
      return data.incidents.edges[0]?.node ?? null;
    },
    { timeoutMs: 120_000 },
  );
  hostId = (await service.graphql('{ host(name: "victim") { id } }')).data.host.id;
}, 240_000);

afterAll(async () => {
  if (!hasChromium) return;
  await victim?.remove();
  await service?.close();
  network?.remove();
});

/** A browser of its own that is signed in, at a path. */
async function signedIn(path: string, ...scopes: Parameters<Service["token"]>): Promise<Visit> {
  const visit = await openBrowser(service.url, { args: [`${AS_SECURE}${service.url}`] });
  onTestFinished(() => visit.close());
  await signIn(visit, service, path, ...scopes);
  return visit;
}

/** Until nothing on the page is still on its way. */
async function settled({ page }: Visit): Promise<void> {
  await page.waitForSelector("#main h1", SEEN);
  await page.waitForSelector(".skeleton", { state: "detached", ...SEEN });
}

test.runIf(hasChromium)("from the fleet to the cause of an overflow is one click", async () => {
  const visit = await signedIn("/", "read");
  const { page, faults, strangers } = visit;
  await page.click(`text=${incident.title}`, SEEN);
  await page.waitForSelector(".cause-name", SEEN);
  expect(new URL(page.url()).pathname).toBe(`/incidents/${incident.id.replace("incident_", "")}`);
  expect(await page.textContent(".cause-name")).toMatch(/^Application (stalled|accepts too slowly)$/);
  expect(await page.textContent(".cause")).toMatch(/What to do/);
  await page.waitForSelector(".evidence >> text=queue", SEEN);
  expect(faults).toEqual([]);
  expect(strangers).toEqual([]);
});

test.runIf(hasChromium)(
  "an incident's hosts are seen as one, and hosts by the version of their agent",
  async () => {
    const { data } = await service.graphql(
      `query ($id: ID!) { incident(id: $id) { fleet { hostCount agentVersions { version hostCount } } } }`,
      { id: incident.id },
    );
    expect(data.incident.fleet).toEqual({
      hostCount: 1,
      agentVersions: [{ version: expect.stringMatching(/^\d/), hostCount: 1 }],
    });
  },
);

test.runIf(hasChromium)(
  "every page opens without a fault, a stranger or a barrier, light, dark and small",
  async () => {
    const visit = await signedIn("/", "read", "operate");
    const { page, faults, strangers } = visit;
    for (const path of [
      "/",
      "/?by=drill&tz=utc&range=15m",
      "/?q=nobody-has-this-name",
      "/incidents",
      "/incidents?status=resolved",
      `/incidents/${incident.id.replace("incident_", "")}`,
      "/incidents/999999",
      "/hosts",
      "/hosts?status=SILENT",
      `/hosts/${hostId}`,
      "/hosts/host_999999",
    ]) {
      for (const [colorScheme, width] of [
        ["light", 1280],
        ["dark", 390],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.goto(service.url + path);
        await settled(visit);
        expect([path, colorScheme, await seriousBarriers(page)]).toEqual([path, colorScheme, []]);
        // Nothing but a table or a plot may be wider than the window.
        const tooWide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        expect([path, width, tooWide]).toEqual([path, width, 0]);
      }
    }
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  },
  300_000,
);

test.runIf(hasChromium)("a view's URL shows the same to somebody else, whenever it is opened", async () => {
  const first = await signedIn('/?q=vic&tz=utc&by=role&match=role!%3D"db"&range=15m', "read");
  await settled(first);
  await first.page.click("text=Share");
  await first.page.waitForURL(/from=.*to=/);
  const { pathname, search } = new URL(first.page.url());
  expect(search).not.toContain("range=");
  await first.page.waitForSelector("text=Back to live", SEEN);
  await settled(first);
  const second = await signedIn(pathname + search, "read");
  await settled(second);
  expect(new URL(second.page.url()).search).toBe(search);
  const shown = async ({ page }: Visit) => ({
    filter: await page.inputValue("input[type=search]"),
    chips: await page.locator(".chip-removable code").allTextContents(),
    range: await page.textContent(".range [aria-pressed=true]"),
    tiles: await page.textContent(".tiles dd"),
  });
  const { tiles: _, ...expected } = await shown(first);
  expect(expected).toMatchObject({ filter: "vic", chips: ['role!="db"'] });
  expect(await shown(second)).toMatchObject(expected);
  // The last seconds of a range that ends now may still be on their way.
  await waitFor("both to show the same", async () => {
    await Promise.all([first, second].map(({ page }) => page.reload()));
    await Promise.all([first, second].map(settled));
    return isDeepStrictEqual(await shown(second), await shown(first));
  });
  expect(await shown(second)).toMatchObject(expected);
});

test.runIf(hasChromium)(
  "an incident is acknowledged and noted by who may, and others are told why not",
  async () => {
    const path = `/incidents/${incident.id.replace("incident_", "")}`;
    const reader = await signedIn(path, "read");
    await reader.page.waitForSelector("text=scope “operate”", SEEN);
    const { page } = await signedIn(path, "read", "operate");
    await page.click("text=Acknowledge", SEEN);
    await page.fill("textarea", "looking at it");
    // What is refused is told in the dialog, which lies over the page, and can be tried again from there.
    await page.route("**/graphql", (route) => {
      if (route.request().postDataJSON().operationName !== "Acknowledge") return route.continue();
      return route.fulfill({ json: { errors: [{ message: "the database is away" }] } });
    });
    await page.click("dialog button:text-is('Acknowledge')");
    await page.waitForSelector("dialog [role=alert]:text-is('the database is away')", SEEN);
    await page.unroute("**/graphql");
    await page.click("dialog button:text-is('Acknowledge')");
    await page.waitForSelector(".timeline >> text=looking at it", SEEN);
    // The other browser hears of it by itself.
    await reader.page.waitForSelector(".timeline >> text=looking at it", SEEN);
    await page.click("button:has-text('Silence')");
    await page.fill("dialog input", "maintenance of the test");
    await page.click("dialog button:text-is('Silence')");
    await page.waitForSelector("text=Held back by a silence", SEEN);
    await page.click("button:text-is('Useful')", SEEN);
    await page.waitForSelector("button[aria-pressed=true]:text-is('Useful')", SEEN);
  },
);

test.runIf(hasChromium)("the keyboard goes everywhere", async () => {
  const visit = await signedIn("/?tz=utc", "read");
  const { page } = visit;
  await settled(visit);
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] >> text=Go to hosts");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await page.waitForURL(/\/hosts\?tz=utc$/);
  await page.waitForSelector("input[type=search]", SEEN);
  await page.keyboard.press("/");
  await page.keyboard.type("vict");
  await page.waitForURL(/q=vict/);
  await page.waitForSelector("table >> text=victim", SEEN);
});

test.runIf(hasChromium)("signing out ends it, and a session that ended elsewhere is said", async () => {
  const visit = await signedIn("/hosts", "read");
  const { page, context } = visit;
  await settled(visit);
  const cookies = await context.cookies();
  await context.clearCookies();
  await page.click("text=Silent");
  await page.waitForSelector("text=You are signed out", SEEN);
  await context.addCookies(cookies);
  // Somebody has signed in in another tab, and comes back to this one.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.waitForSelector("text=You are signed out", { state: "detached", ...SEEN });
  await page.goto(service.url);
  await page.click('form[action="/sign-out"] button');
  await page.waitForSelector('a[href="/sign-in"]', SEEN);
  expect(await context.cookies()).toEqual([]);
});

test.runIf(hasChromium)("what a browser loads first is small, compressed and kept for ever", async () => {
  const { page } = await signedIn("/", "read");
  await page.waitForSelector(".tiles", SEEN);
  const names = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const loaded = names.map((name) => new URL(name).pathname).filter((name) => name.endsWith(".js"));
  expect(loaded.length).toBeGreaterThan(1);
  let bytes = 0;
  for (const name of loaded) {
    const response = await fetch(service.url + name, { headers: { "accept-encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    bytes += Number(response.headers.get("content-length"));
  }
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(250_000);
});

test.runIf(hasChromium)("what is at none of its paths is not there", async () => {
  const headers = { authorization: `Bearer ${await service.token("read")}` };
  const statusOf = async (path: string) => (await fetch(service.url + path, { headers })).status;
  expect(await statusOf("/hosts")).toBe(200);
  for (const path of [
    "/nothing",
    "/hosts/a/b",
    "/assets/x.js",
    "/assets/..%2Findex.html",
    "/incidents.html",
  ]) {
    expect([path, await statusOf(path)]).toEqual([path, 404]);
  }
});
