import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseScenario } from "./parse.ts";
import type { Scenario } from "./scenario.ts";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** Every scenario of test/scenarios, by name. */
export function readScenarios(): Scenario[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".test"))
    .sort()
    .map((name) => parseScenario(`test/scenarios/${name}`, readFileSync(join(FOLDER, name), "utf8")));
}
