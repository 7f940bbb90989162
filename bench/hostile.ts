/**
 * What hostile documents cost the service, as `npm run bench:hostile`: one line for each, in CPU of `serve` a
 * request, HTTP and authentication included, and for comparison an ordinary question. It starts an embedded
 * Postgres and a service of its own in a temporary folder.
 */
import { HOSTILE } from "../test/support/hostile-documents.ts";
import { startDatabase, startServe } from "./support/spillway.ts";
import { Workshop } from "./support/workshop.ts";

/** Requests of each: a clock tick of the kernel, 10 ms, is then 0.25 ms of one. */
const TIMES = 40;
const ORDINARY = '{ fleet { hostCount trend(counter: "ListenDrops", range: {last: "1h"}) { total } } }';

const shop = new Workshop();
try {
  const { port, readToken, cpuMs } = await startServe(shop, await startDatabase(shop));
  for (const [name, query] of [["ordinary question", ORDINARY] as const, ...HOSTILE]) {
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${readToken}` },
        body: JSON.stringify({ query }),
      });
    // What is compiled and cached at the first of a kind is not its price.
    for (let warm = 0; warm < 5; warm++) await (await ask()).text();
    const before = cpuMs();
    let status = 0;
    for (let time = 0; time < TIMES; time++) {
      const response = await ask();
      await response.text();
      status = response.status;
    }
    const each = (cpuMs() - before) / TIMES;
    process.stdout.write(`${name}: ${each.toFixed(2)} ms, ${query.length} bytes, HTTP ${status}\n`);
  }
} finally {
  await shop.end();
}
