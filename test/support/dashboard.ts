/** The dashboard in a browser that is signed in. */
import { inject } from "vitest";
import type { HostSection } from "../../src/protocol/message.ts";
import { openBrowser, type Visit } from "./browser.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "./databases.ts";
import { push } from "./pushes.ts";
import { type Service, startService } from "./service.ts";

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

/** A service of the test's own that has heard of these hosts, and a browser at a path of it. */
export async function openDashboard(
  sections: readonly HostSection[],
  path: string,
  ...scopes: Parameters<Service["token"]>
): Promise<Dashboard> {
  const server = inject("postgresUrl");
  const database = await createDatabase(server);
  const service = await startService({
    databaseUrl: databaseUrlOf(server, database),
    env: { SPILLWAY_RATE_LIMIT_SIGN_IN: "0" },
  });
  await service.pushed(push(...sections));
  const visit = await openBrowser(service.url);
  await signIn(visit, service, path, ...scopes);
  const close = async () => {
    await visit.close();
    await service.stop();
    await dropDatabase(server, database);
  };
  return { service, visit, close };
}
