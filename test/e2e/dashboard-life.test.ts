/** The dashboard from its first screen on: nobody reports, all is well, a drill, and a service that goes away and comes back. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { seriousBarriers } from "../support/accessible.ts";
import { hasChromium, openBrowser, type Visit } from "../support/browser.ts";
import { SEEN, signIn } from "../support/dashboard.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { type Service, startService } from "../support/service.ts";

const TEST_MS = 300_000;
/** A drill is made, seen, flagged and named, on a machine that may be busy. */
const DRILLED = { timeout: 240_000 };

let database: string;
let service: Service;
let visit: Visit;

const serviceAt = (port: string) =>
  startService({
    databaseUrl: databaseUrlOf(inject("postgresUrl"), database),
    env: { SPILLWAY_RATE_LIMIT_SIGN_IN: "0", SPILLWAY_PORT: port },
  });

beforeAll(async () => {
  if (!hasChromium) return;
  database = await createDatabase(inject("postgresUrl"));
  service = await serviceAt("0");
  visit = await openBrowser(service.url);
  await signIn(visit, service, "/", "read", "operate", "admin");
}, TEST_MS);

afterAll(async () => {
  if (!hasChromium) return;
  await visit?.close();
  await service?.stop();
  await dropDatabase(inject("postgresUrl"), database);
});

/** Light and dark. */
async function expectNoBarriers(): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await visit.page.emulateMedia({ colorScheme });
    expect([colorScheme, await seriousBarriers(visit.page)]).toEqual([colorScheme, []]);
  }
}

test.runIf(hasChromium)(
  "before a host reports, the first screen says how to add one",
  async () => {
    const { page } = visit;
    await page.waitForSelector("text=No host has reported yet", SEEN);
    await expectNoBarriers();
    await page.click("#main >> text=Add a host");
    await page.waitForURL(/\/add-host$/, SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "on a quiet machine a drill is run from the first screen, and followed to the cause that is named",
  async () => {
    const { page } = visit;
    const host = new TestHost({ name: "calm" });
    const at = Date.now() - 60_000;
    const snapshots = Array.from({ length: 6 }, (_, tick) => host.snapshot(at + tick * 10_000, [tick, 0, 0]));
    await service.pushed(push(host.section(snapshots)));
    await page.goto(service.url);
    await page.waitForSelector("text=All is well", SEEN);
    await expectNoBarriers();
    const viewport = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    if (viewport !== null) await page.setViewportSize(viewport);
    await page.click("text=Run a drill");
    await page.waitForSelector(".drill-lines", DRILLED);
    // The page is quiet no longer, and the drill is told of to its end all the same.
    await page.waitForSelector("text=the cause was named rightly", DRILLED);
    await page.click(".drill-course a");
    await page.waitForSelector(".cause-name >> text=Application stalled", SEEN);
    expect(visit.faults).toEqual([]);
    expect(visit.strangers).toEqual([]);
  },
  2 * TEST_MS,
);

test.runIf(hasChromium)(
  "while the service is away the page says that it is not the newest, and heals by itself",
  async () => {
    const { page } = visit;
    await page.goto(`${service.url}/?range=15m`);
    await page.waitForSelector(".tiles", SEEN);
    await page.waitForSelector(".live >> text=/^Live$/", SEEN);
    const { port } = new URL(service.url);
    await service.stop();
    await page.waitForSelector("text=Live updates are lost", SEEN);
    await page.waitForSelector("text=This is not the newest", SEEN);
    expect(await page.isVisible(".tiles")).toBe(true);
    await expectNoBarriers();
    service = await serviceAt(port);
    await page.waitForSelector("text=Live updates are lost", { state: "detached", ...SEEN });
    await page.waitForSelector("text=This is not the newest", { state: "detached", ...SEEN });
    await page.waitForSelector(".live >> text=/^Live$/", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a tab that was open during an upgrade gets the newer code of a page by itself; code that is not there is told of",
  async () => {
    const { page } = visit;
    // With the older index, the code that it names is gone.
    const gone = (times: number) =>
      page.route("**/assets/page-*.js", (route) => route.fulfill({ status: 404, body: "" }), { times });
    await page.goto(service.url);
    await page.waitForSelector(".nav", SEEN);
    await page.waitForSelector("#main h1", SEEN);
    await gone(1);
    await page.click(".nav >> text=Listeners");
    await page.waitForSelector("h1 >> text=Listeners", SEEN);
    await page.waitForSelector("text=Something went wrong in this page", { state: "detached", ...SEEN });

    await gone(10);
    await page.click(".nav >> text=Counters");
    await page.waitForSelector("text=Something went wrong in this page", SEEN);
    await page.unroute("**/assets/page-*.js");
    await page.click("text=Load it again");
    await page.waitForSelector("h1 >> text=Counters", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "an address that there is not says so to a person",
  async () => {
    const { page } = visit;
    const answer = await page.goto(`${service.url}/nothing/there`);
    expect(answer?.status()).toBe(404);
    await page.waitForSelector("text=There is nothing at /nothing/there", SEEN);
    await expectNoBarriers();
    await page.click("text=To the fleet");
    await page.waitForSelector("h1 >> text=Fleet", SEEN);
  },
  TEST_MS,
);
