/** What somebody who opens a page waits for. */
import { openBrowser, type Visit } from "../../test/support/browser.ts";
import type { Spillway } from "../support/spillway.ts";

export interface Waited {
  /** ms from the request of the page until its numbers are there ... */
  readonly shownMs: number;
  /** ... until nothing of it is still on its way ... */
  readonly wholeMs: number;
  /** ... and from a key pressed while the rest is on its way until what it brings is drawn. */
  readonly keyMs: number;
  /** Bytes of GraphQL's answers, and of everything, as they came over the wire. */
  readonly answerBytes: number;
  readonly bytes: number;
  /** The slowest of the questions, by its name, and the ms that it took. */
  readonly slowest: string;
}

const PATIENCE = { timeout: 120_000 };

/** A browser with an empty cache that is signed in. */
export async function signIn({ port, readToken }: Spillway): Promise<Visit> {
  const url = `http://127.0.0.1:${port}`;
  const visit = await openBrowser(url);
  await visit.page.goto(`${url}/sign-in?next=/counters`);
  await visit.page.fill("#token", readToken);
  await visit.page.click("button");
  await visit.page.waitForSelector("#main h1", PATIENCE);
  return visit;
}

/** Opens a page as if for the first time. @param ready what is there once its numbers are */
export async function open(visit: Visit, url: string, ready: string): Promise<Waited> {
  const { page, context } = visit;
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.clearBrowserCache");
  const names = new Map<string, string>();
  const asked = new Map<string, number>();
  let [bytes, answerBytes, slowestMs, slowest] = [0, 0, 0, "none"];
  devtools.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
    asked.set(requestId, timestamp);
    const name = /"operationName":"(\w+)"/.exec(request.postData ?? "")?.[1];
    if (name !== undefined) names.set(requestId, name);
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength, timestamp }) => {
    bytes += encodedDataLength;
    const name = names.get(requestId);
    if (name === undefined) return;
    answerBytes += encodedDataLength;
    const ms = 1_000 * (timestamp - (asked.get(requestId) ?? timestamp));
    if (ms > slowestMs) [slowestMs, slowest] = [ms, `${name}, ${Math.round(ms)} ms`];
  });
  const begun = performance.now();
  const since = () => performance.now() - begun;
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForSelector(ready, PATIENCE);
  const shownMs = since();
  const keyMs = await drawn(visit);
  await page.waitForSelector(".skeleton", { state: "detached", ...PATIENCE });
  const wholeMs = since();
  await devtools.detach();
  return { shownMs, wholeMs, keyMs, answerBytes, bytes, slowest };
}

/** Runs in the page: keeps there the ms from the next key to the frame that shows what it did. */
const LISTEN = `
  globalThis.drawn = new Promise((resolve) => {
    const pressed = ({ timeStamp }) =>
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - timeStamp)));
    document.addEventListener("keydown", pressed, { once: true, capture: true });
  });
  undefined`;

/** Presses `?`, and says how long the list of keys took to be drawn. */
async function drawn({ page }: Visit): Promise<number> {
  await page.evaluate(LISTEN);
  await page.keyboard.press("?");
  const ms = await page.evaluate<number>("globalThis.drawn");
  await page.waitForSelector("dialog[open]", PATIENCE);
  await page.keyboard.press("Escape");
  return ms;
}
