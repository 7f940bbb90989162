/** Receivers on the settings page: what a test was answered, who works, and who fails since when and why. */
import { expect, test } from "vitest";
import { seriousBarriers } from "../support/accessible.ts";
import { hasChromium, openBrowser } from "../support/browser.ts";
import { SEEN, signIn } from "../support/dashboard.ts";
import { startOnOwnDatabase } from "../support/own-database-service.ts";
import { startWebhook } from "../support/receivers/webhook.ts";
import { receiversFile, WEBHOOK_SECRET } from "../support/receivers-file.ts";

test.runIf(hasChromium)(
  "a test says what the far end answered, whether it took it or not",
  async () => {
    const good = await startWebhook(WEBHOOK_SECRET);
    const broken = await startWebhook(WEBHOOK_SECRET);
    broken.answerNext({ status: 500, body: "the disk is full" });
    const file = await receiversFile();
    await file.write({ "ops-hook": good.url, "old-hook": broken.url });
    const service = await startOnOwnDatabase({
      env: { SPILLWAY_RATE_LIMIT_SIGN_IN: "0", SPILLWAY_RECEIVERS_FILE: file.path },
    });
    const visit = await openBrowser(service.url);
    try {
      const { page } = visit;
      await signIn(visit, service, "/settings/receivers", "read", "operate");
      await page.waitForSelector("text=Nothing was sent yet", SEEN);

      await page.click("[aria-label='Send a test to ops-hook']");
      await page.waitForSelector("text=ops-hook took the test.", SEEN);
      await page.waitForSelector("tr:has-text('ops-hook') >> text=Works", SEEN);

      await page.click("[aria-label='Send a test to old-hook']");
      await page.waitForSelector("text=old-hook did not take the test.", SEEN);
      const row = "tr:has-text('old-hook')";
      await page.waitForSelector(`${row} >> text=Failing`, SEEN);
      await page.waitForSelector(`${row} >> text=the disk is full`, SEEN);
      expect(await seriousBarriers(page)).toEqual([]);
      expect(visit.faults).toEqual([]);
    } finally {
      await visit.close();
      await service.close();
      await good.close();
      await broken.close();
      await file.remove();
    }
  },
  300_000,
);
