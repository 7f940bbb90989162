/** Prints the catalog to docs/counters.md, which is committed: readers need to run nothing to see it. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countersPage } from "./counters-page.ts";

writeFileSync(fileURLToPath(new URL("../docs/counters.md", import.meta.url)), countersPage());
