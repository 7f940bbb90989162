/** Listeners, counters, settings and "add a host" of the dashboard, in a real browser. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousBarriers } from "../support/accessible.ts";
import { hasChromium, type Visit } from "../support/browser.ts";
import { type Dashboard, openDashboard, SEEN } from "../support/dashboard.ts";
import { exampleFleet } from "../support/example-fleet.ts";
import { push, TestHost } from "../support/pushes.ts";
import type { Service } from "../support/service.ts";

const TEST_MS = 300_000;

let dashboard: Dashboard;
let service: Service;
let visit: Visit;

beforeAll(async () => {
  if (!hasChromium) return;
  dashboard = await openDashboard(exampleFleet(Date.now()), "/settings", "read", "operate", "admin");
  ({ service, visit } = dashboard);
}, TEST_MS);

afterAll(() => dashboard?.close());

/** Opens a page, and waits until nothing of it is still on its way. */
async function open(path: string): Promise<void> {
  await visit.page.goto(service.url + path);
  await visit.page.waitForSelector("#main h1", SEEN);
  await visit.page.waitForSelector(".skeleton", { state: "detached", ...SEEN });
}

test.runIf(hasChromium)(
  "each page opens without a fault, a stranger or a barrier, light, dark and small",
  async () => {
    const { page, faults, strangers } = visit;
    for (const path of [
      "/listeners",
      "/listeners?order=ATTRIBUTION&below-somaxconn=1",
      "/counters",
      "/counters?find=no-counter-is-called-so",
      "/counters/TcpExtListenOverflows",
      "/counters/TcpExtNoSuchCounter",
      "/settings",
      "/settings/tokens",
      "/settings/receivers",
      "/settings/silences",
      "/settings/events",
      "/settings/audit",
      "/settings/no-such-section",
      "/add-host",
    ]) {
      for (const [colorScheme, width] of [
        ["light", 1280],
        ["dark", 390],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await open(path);
        expect([path, colorScheme, await seriousBarriers(page)]).toEqual([path, colorScheme, []]);
        const tooWide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect([path, width, tooWide]).toEqual([path, width, 0]);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "listeners show the queue that is full, with what to do, and link to their host",
  async () => {
    const { page } = visit;
    await open("/listeners");
    const row = page.locator("tr", { hasText: "shop-7d9f" });
    expect(await row.textContent(SEEN)).toMatch(/web-3.*8080.*of 128/);
    expect(await row.locator(".advice").textContent()).toMatch(/backlog/);
    await row.locator("a").click();
    await page.waitForURL(/\/hosts\/host_[0-9a-f-]+/, SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a counter is found by what netstat -s calls it",
  async () => {
    const { page } = visit;
    await open("/counters");
    await page.getByLabel("Search counters").fill("times the listen queue of a socket overflowed");
    // What is clicked must not be of the list that is on its way out.
    await page.waitForSelector(".counters-count >> text=/^[0-9]{1,2} counters?$/", SEEN);
    await page.locator(".counters-index a", { hasText: /^ListenOverflows/ }).click(SEEN);
    await page.waitForURL(/\/counters\/TcpExtListenOverflows/, SEEN);
    await page.waitForSelector("text=What netstat -s calls it", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "the system page shows the service's own listen queue",
  async () => {
    await open("/settings");
    const card = visit.page.locator(".card", { hasText: "Its own listen queue" });
    await expect.poll(() => card.textContent(SEEN), SEEN).toContain(`127.0.0.1:${new URL(service.url).port}`);
    expect(await card.textContent()).toMatch(/Waiting to be accepted\d+ of [1-9]/);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a token is made, shown once, lets in, and is revoked",
  async () => {
    const { page } = visit;
    await open("/settings/tokens");
    await page.getByLabel("Name").fill("grafana");
    await page.click("text=Make the token");
    const secret = await page.getByLabel("Token", { exact: true }).inputValue(SEEN);
    const ask = async () => {
      const headers = { authorization: `Bearer ${secret}` };
      return (await fetch(`${service.url}/v1/hosts`, { headers })).status;
    };
    expect(await ask()).toBe(200);
    await page.click('[aria-label="Revoke grafana"]', SEEN);
    await page.click('[aria-label="Revoke grafana for good"]', SEEN);
    await page.waitForSelector('tr:has-text("grafana") >> text=Revoked', SEEN);
    // A token is believed for half a second after it was asked for.
    await expect.poll(ask, { timeout: 30_000 }).toBe(401);
    await open("/settings/tokens");
    expect(await page.content()).not.toContain(secret);
    await open("/settings/audit");
    await page.waitForSelector("text=token.revoke", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a maintenance window is made in a zone of its own, and ended",
  async () => {
    const { page } = visit;
    await open("/settings/silences");
    await page.getByLabel("Incidents with").fill("role=db");
    await page.getByLabel("Why").fill("backups");
    await page.getByLabel("Again and again").check();
    await page.getByLabel("Time zone").fill("Europe/Berlin");
    await page.click("button >> text=/^Silence$/");
    await page.waitForSelector("text=SAT, SUN 02:00–04:00 Europe/Berlin", SEEN);
    const { data } = await service.graphql("{ silences { comment window { zone } } }");
    expect(data.silences).toEqual([{ comment: "backups", window: { zone: "Europe/Berlin" } }]);
    await page.click('[aria-label="End the silence “backups”"]');
    await page.click("text=Really end", SEEN);
    await page.waitForSelector('tr:has-text("backups") >> text=Ended', SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a host that is added arrives while the page is looked at",
  async () => {
    const { page } = visit;
    await open("/add-host");
    await page.waitForSelector("text=Other hosts cannot reach this service yet", SEEN);
    await page.click("text=Make a token");
    const line = page.getByLabel("Line that installs the agent");
    await expect.poll(() => line.inputValue(), { timeout: 30_000 }).toMatch(/--token spw_/);
    const token = /--token (\S+)/.exec(await line.inputValue())?.[1] ?? "";
    expect(await page.textContent("main")).toContain("Waiting for a host");
    const host = new TestHost({ name: "just-added" });
    const answer = await service.push(push(host.section([host.snapshot(Date.now(), [1, 0, 0])])), { token });
    expect(answer.status).toBe(200);
    await page.waitForSelector("text=just-added", SEEN);
  },
  TEST_MS,
);
