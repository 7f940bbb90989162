/** Debian's Chromium, as a person's browser: a fresh profile, and no request of its own to anywhere. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env.SPILLWAY_TEST_CHROMIUM ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

/** Three files at a time share two cores, and one of them may be another browser. */
const PATIENCE_MS = 60_000;

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything that went wrong so far: errors of scripts and of the console, refusals of the page's policy. */
  readonly faults: readonly string[];
  /** Hosts other than the service's that were asked for anything. */
  readonly strangers: readonly string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly javaScriptEnabled?: boolean;
  /** More flags of Chromium. */
  readonly args?: readonly string[];
}

export async function openBrowser(
  serviceUrl: string,
  { javaScriptEnabled = true, args = [] }: VisitOptions = {},
): Promise<Visit> {
  const profile = await mkdtemp(join(tmpdir(), "spillway-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    javaScriptEnabled,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
    viewport: { width: 1280, height: 800 },
    timeout: PATIENCE_MS,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  const strangers: string[] = [];
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(serviceUrl).origin) strangers.push(request.url());
  });
  return {
    page,
    context,
    faults,
    strangers,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
