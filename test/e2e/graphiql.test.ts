import { afterAll, beforeAll, expect, test } from "vitest";
import { hasChromium, openBrowser, type Visit } from "../support/browser.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();
let visit: Visit | undefined;

beforeAll(async () => {
  const host = new TestHost({ name: "web-1" });
  await service.pushed(push(host.section([host.snapshot(Date.now(), [1, 1, 1])])));
});

afterAll(async () => {
  await visit?.close();
});

test("a stranger is sent to sign in", async () => {
  const response = await fetch(`${service.url}/graphiql`, { redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in"]);
});

test.runIf(hasChromium)(
  "a signed-in browser runs the first example, with nothing refused and nobody else asked",
  async () => {
    const link = /Sign in +(http:\S+)/.exec(service.output())?.[1];
    if (link === undefined) throw new Error(`no sign-in link in: ${service.output()}`);
    visit = await openBrowser(service.url);
    const { page, faults, strangers } = visit;
    await page.goto(link);
    await page.goto(`${service.url}/graphiql`);
    await page.getByRole("button", { name: /execute query/i }).click({ timeout: 60_000 });
    const answer = page.locator(".graphiql-response");
    await waitFor("the answer", async () => /hostCount/.test((await answer.textContent()) ?? ""), {
      timeoutMs: 60_000,
    });
    if (process.env.SPILLWAY_TEST_SCREENSHOTS !== undefined) {
      await page.screenshot({ path: `${process.env.SPILLWAY_TEST_SCREENSHOTS}/graphiql.png` });
    }
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  },
);
