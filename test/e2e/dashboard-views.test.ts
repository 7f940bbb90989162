/** What somebody does to see what they want: ranges, zoom, filters, stacking; in a real browser, on a fleet with a story. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasChromium, type Visit } from "../support/browser.ts";
import { type Dashboard, openDashboard, SEEN } from "../support/dashboard.ts";
import { exampleFleet } from "../support/example-fleet.ts";
import type { Service } from "../support/service.ts";

const TEST_MS = 200_000;

let dashboard: Dashboard;
let service: Service;
let visit: Visit;

beforeAll(async () => {
  if (!hasChromium) return;
  dashboard = await openDashboard(exampleFleet(Date.now()), "/counters", "read");
  ({ service, visit } = dashboard);
}, TEST_MS);

afterAll(() => dashboard?.close());

/** Opens a page, and waits until nothing of it is still on its way. */
async function open(path: string): Promise<void> {
  await visit.page.goto(service.url + path);
  await visit.page.waitForSelector("#main h1", SEEN);
  await visit.page.waitForSelector(".skeleton", { state: "detached", ...SEEN });
}

const params = () => new URL(visit.page.url()).searchParams;

test.runIf(hasChromium)(
  "a range is chosen, made one's own, and left for live again",
  async () => {
    const { page } = visit;
    await open("/?tz=utc");
    for (const range of ["15m", "6h", "24h", "7d", "30d"]) {
      await page.click(`.range button:text-is("${range}")`);
      await page.waitForURL(new RegExp(`range=${range}`), SEEN);
      await page.waitForSelector(`.range [aria-pressed=true]:text-is("${range}")`, SEEN);
    }
    await page.click(".range button:text-is('Custom')");
    await page.getByLabel("From").fill("2026-01-05T12:00");
    await page.getByLabel("To", { exact: true }).fill("2026-01-05T11:00");
    expect(await page.isDisabled(".popover button")).toBe(true);
    await page.getByLabel("To", { exact: true }).fill("2026-01-05T14:30");
    await page.click(".popover button");
    await page.waitForURL(/from=/, SEEN);
    expect([params().get("from"), params().get("to"), params().get("range")]).toEqual([
      "2026-01-05T12:00:00.000Z",
      "2026-01-05T14:30:00.000Z",
      null,
    ]);
    expect(await page.textContent(".range [aria-pressed=true]")).toBe("5 Jan 12:00 – 14:30");
    await page.click("text=Back to live");
    await page.waitForSelector(".range [aria-pressed=true]:text-is('1h')", SEEN);
    expect(params().has("from")).toBe(false);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a drag over a plot zooms all of them to what was dragged over",
  async () => {
    const { page } = visit;
    await open("/?tz=utc");
    const before = Date.now();
    const over = page.locator(".plot .u-over").first();
    await over.scrollIntoViewIfNeeded(SEEN);
    const box = await over.boundingBox();
    if (box === null) throw new Error("a plot has a place");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
    // A drag is drawn a frame later; let go of before, it would end where it was drawn last.
    const dragged = async () => (await page.locator(".u-select").first().boundingBox())?.width ?? 0;
    await expect.poll(dragged, SEEN).toBeGreaterThan(box.width * 0.24);
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/, SEEN);
    const [from, to] = [params().get("from"), params().get("to")].map((at) => Date.parse(at ?? ""));
    // A quarter of an hour, within what the plot showed.
    expect(((to ?? 0) - (from ?? 0)) / 60_000).toBeGreaterThan(10);
    expect(((to ?? 0) - (from ?? 0)) / 60_000).toBeLessThan(20);
    expect(from).toBeGreaterThan(before - 3_700_000);
    expect(to).toBeLessThan(before + 60_000);
    await page.waitForSelector("text=Back to live", SEEN);
    await page.goBack();
    await page.waitForSelector(".range [aria-pressed=true]:text-is('1h')", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "hosts are filtered by label, and what is no matcher is said to be none",
  async () => {
    const { page } = visit;
    await open("/hosts");
    await page.waitForSelector("text=4 hosts", SEEN);
    const matcher = page.getByPlaceholder("label, as role");
    await matcher.fill("role");
    await matcher.press("Enter");
    await page.waitForSelector('.field-fault >> text=role!="web"', SEEN);
    await matcher.fill("role=~w.b");
    await matcher.press("Enter");
    await page.waitForSelector("text=3 hosts", SEEN);
    expect(params().getAll("match")).toEqual(['role=~"w.b"']);
    await matcher.fill('region="us"');
    await matcher.press("Enter");
    await page.waitForSelector("text=2 hosts", SEEN);
    await page.click('nav >> text="Fleet"');
    await page.waitForSelector('.tiles >> text="of 2 hosts"', SEEN);
    for (const chip of ['role=~"w.b"', 'region="us"']) {
      await page.getByLabel(`Remove ${chip}`, { exact: true }).click(SEEN);
    }
    await page.waitForSelector('.tiles >> text="of 4 hosts"', SEEN);
    expect(params().has("match")).toBe(false);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "overflows are stacked by a label, and the worst are hosts, containers or listeners",
  async () => {
    const { page } = visit;
    await open("/");
    await page.getByLabel("Stack by").selectOption("role");
    await page.waitForURL(/by=role/, SEEN);
    await page.waitForSelector("text=Per second, stacked by role", SEEN);
    const worst = page.locator(".card", { hasText: "The worst" });
    await worst.locator(".row-name >> text=web-3").waitFor(SEEN);
    await worst.locator("text=Containers").click();
    await worst.locator(".row-name >> text=shop-7d9f").waitFor(SEEN);
    await worst.locator("text=Listeners").click();
    await worst.locator(".row-name >> text=shop :8080").waitFor(SEEN);
    expect(visit.faults).toEqual([]);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a page subscribes to incidents once, in however many places it tells of them",
  async () => {
    const { page } = visit;
    const subscribed: string[] = [];
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const { type, payload: asked } = JSON.parse(String(payload)) as {
          type: string;
          payload?: { query: string };
        };
        if (type === "subscribe") subscribed.push(/subscription (\w+)/.exec(asked?.query ?? "")?.[1] ?? "");
      }),
    );
    await open("/");
    await page.waitForSelector("text=Live", SEEN);
    await expect.poll(() => subscribed.toSorted(), SEEN).toEqual(["FleetOverflows", "IncidentChanges"]);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "who wants no motion sees none",
  async () => {
    const { page } = visit;
    const moving = () => page.evaluate<number>("document.getAnimations().length");
    await open("/add-host");
    await page.waitForSelector(".arrivals-pulse", SEEN);
    expect(await moving()).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await expect.poll(moving, SEEN).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "colours follow the system until somebody chooses, and the choice is kept",
  async () => {
    const { page } = visit;
    const dark = () => page.evaluate<boolean>("document.documentElement.dataset.theme === 'dark'");
    await page.emulateMedia({ colorScheme: "light" });
    await open("/counters");
    expect(await dark()).toBe(false);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(dark, SEEN).toBe(true);
    await page.getByLabel("Colours: system. Switch to light").click();
    await expect.poll(dark, SEEN).toBe(false);
    await open("/counters");
    expect(await dark()).toBe(false);
    await page.getByLabel("Colours: light. Switch to dark").click();
    await page.getByLabel("Colours: dark. Switch to system").click();
    await expect.poll(dark, SEEN).toBe(true);
    await page.emulateMedia({ colorScheme: "light" });
  },
  TEST_MS,
);
