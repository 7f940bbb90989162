/** The dashboard in a browser that is signed in. */
import type { HostSection } from "../../src/protocol/message.ts";
import { openBrowser, type Visit } from "./browser.ts";
import { startOnOwnDatabase } from "./own-database-service.ts";
import { push } from "./pushes.ts";
import type { Service } from "./service.ts";

/** What a page shows is waited for so long: browsers are slow where much else runs. */
export const SEEN = { timeout: 60_000 };

/** Signs a browser in by a new token, and goes on to a path. */
export async function signIn(
  { page }: Visit,
  service: Service,
  path: string,
  ...scopes: Parameters<Service["token"]>
): Promise<void> {
  await page.goto(`${service.url}/sign-in?next=${encodeURIComponent(path)}`);
  await page.fill("#token", await service.token(...scopes));
  await page.click("button");
  await page.waitForSelector("#main h1", SEEN);
}

export interface Dashboard {
  readonly service: Service;
  readonly visit: Visit;
  close(): Promise<void>;
}

/** A service of the test's own that has heard of these hosts, and a browser at a path of it; all of it or nothing. */
export async function openDashboard(
  sections: readonly HostSection[],
  path: string,
  ...scopes: Parameters<Service["token"]>
): Promise<Dashboard> {
  const service = await startOnOwnDatabase({ env: { SPILLWAY_RATE_LIMIT_SIGN_IN: "0" } });
  let visit: Visit | undefined;
  const close = async () => {
    await visit?.close();
    await service.close();
  };
  try {
    await service.pushed(push(...sections));
    visit = await openBrowser(service.url);
    await signIn(visit, service, path, ...scopes);
    return { service, visit, close };
  } catch (error) {
    await close();
    throw error;
  }
}
