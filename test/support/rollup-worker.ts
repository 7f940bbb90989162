/** A process that does nothing but roll up, until it is killed: `rollup-worker.ts <database URL> <now>`. */
import { openTestStore, worker } from "./rollups.ts";

const [url = "", now = "0"] = process.argv.slice(2);
const store = openTestStore(url);
const one = worker(store);
await one.rollUp(Number(now));
process.send?.("ready");
for (;;) await one.rollUp(Number(now));
