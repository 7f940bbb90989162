/** Pages whose question is not answered: they say so, keep what they had, and show the way back; in a real browser. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasChromium, type Visit } from "../support/browser.ts";
import { type Dashboard, openDashboard, SEEN } from "../support/dashboard.ts";
import { exampleFleet } from "../support/example-fleet.ts";
import type { Service } from "../support/service.ts";

const TEST_MS = 200_000;

let dashboard: Dashboard;
let service: Service;
let visit: Visit;
let path: string;

beforeAll(async () => {
  if (!hasChromium) return;
  dashboard = await openDashboard(exampleFleet(Date.now()), "/counters", "read");
  ({ service, visit } = dashboard);
  const { data } = await service.graphql("{ hosts(first: 1) { edges { node { id } } } }");
  path = `/hosts/${data.hosts.edges[0].node.id}`;
}, TEST_MS);

afterAll(() => dashboard?.close());

test.runIf(hasChromium)(
  "a counter without a rate is not offered, and one in the URL is told of, with a way back",
  async () => {
    const { page } = visit;
    await page.goto(`${service.url}${path}?counters=TcpCurrEstab`);
    await page.waitForSelector("text=/TcpCurrEstab.*gauge/", SEEN);
    const offered = page.locator("#counters option");
    await page.waitForSelector('#counters option[value="TcpActiveOpens"]', { state: "attached", ...SEEN });
    expect(await offered.evaluateAll((all) => all.map((one) => one.getAttribute("value")))).not.toContain(
      "TcpCurrEstab",
    );
    await page.click("text=Show the usual counters", SEEN);
    await page.waitForSelector(".rate", SEEN);
    expect(new URL(page.url()).searchParams.has("counters")).toBe(false);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "a host that was seen stays when it cannot be asked for, and is not said to be gone",
  async () => {
    const { page } = visit;
    await page.goto(service.url + path);
    await page.waitForSelector(".rate", SEEN);
    const name = await page.textContent("#main h1");
    const fault = { message: "the database does not answer", extensions: { code: "UNAVAILABLE" } };
    await page.route("**/graphql", (route) =>
      route.fulfill({ json: { data: { host: null }, errors: [{ ...fault, path: ["host"] }] } }),
    );
    await page.click('.range button:text-is("6h")');
    await page.waitForSelector("text=This is of the range before", SEEN);
    expect(await page.textContent("#main h1")).toBe(name);
    expect(await page.textContent("#main")).not.toContain("There is no such host");
    await page.unroute("**/graphql");
    await page.locator("text=Try again").first().click();
    await page.waitForSelector("text=This is of the range before", { state: "detached", ...SEEN });
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "answers that are slower than a page asks are waited for",
  async () => {
    const { page } = visit;
    const asked: string[] = [];
    await page.route("**/graphql", async (route) => {
      const { operationName } = route.request().postDataJSON();
      asked.push(operationName);
      // The page asks for the newest hosts each two seconds.
      if (operationName === "NewestHosts") await new Promise((resolve) => setTimeout(resolve, 5_000));
      await route.continue().catch(() => undefined);
    });
    await page.goto(`${service.url}/add-host`);
    await page.waitForSelector("text=Waiting for a host that was not here before", SEEN);
    await page.unroute("**/graphql");
    expect(asked).toContain("NewestHosts");
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "of a range in which nobody reported nothing is said to be well",
  async () => {
    const { page } = visit;
    const from = Date.now() - 3 * 86_400_000;
    const [start, end] = [from, from + 3_600_000].map((at) => new Date(at).toISOString());
    await page.goto(`${service.url}/?from=${start}&to=${end}`);
    await page.waitForSelector("text=Nothing is known of this range", SEEN);
    const text = await page.textContent("#main");
    expect(text).not.toContain("All is well");
    expect(text).not.toContain("No connection was dropped");
    expect(await page.textContent(".tiles .tile:nth-child(3)")).toContain("nobody has told");
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "numbers of the range before are pale while the next is asked for, and gone when it is not answered",
  async () => {
    const { page } = visit;
    await page.goto(service.url);
    await page.waitForSelector(".tiles", SEEN);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/graphql", async (route) => {
      await answered;
      await route.fulfill({ status: 503, json: { errors: [{ message: "the database does not answer" }] } });
    });
    await page.click('.range button:text-is("6h")');
    await page.waitForSelector(".answer-other .tiles", SEEN);
    answer();
    await page.waitForSelector(".tiles", { state: "detached", ...SEEN });
    expect(await page.textContent("#main")).toContain("the database does not answer");
    await page.unroute("**/graphql");
    await page.locator("text=Try again").first().click();
    await page.waitForSelector(".answer:not(.answer-other) .tiles", SEEN);
  },
  TEST_MS,
);

test.runIf(hasChromium)(
  "by plain http, which gives no clipboard, nothing is said to be copied",
  async () => {
    const { page } = visit;
    await page.addInitScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.goto(`${service.url}/add-host`);
    await page.click(".copyable button:text-is('Copy')", SEEN);
    await page.waitForSelector("text=Selected: press Ctrl+C", SEEN);
    await page.goto(service.url);
    await page.click("button:has-text('Share')", SEEN);
    await page.waitForSelector("text=Link is in the address bar", SEEN);
    expect(new URL(page.url()).searchParams.has("from")).toBe(true);
  },
  TEST_MS,
);
