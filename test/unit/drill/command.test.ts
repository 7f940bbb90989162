import { expect, test } from "vitest";
import { runDrillCommand } from "../../../src/commands/drill.ts";

test.each([
  [["quake"], {}, /which drill\? there are slow, small-backlog, stalled, flood/],
  [[], {}, /which drill\?/],
  [["slow", "stalled"], {}, /which drill\?/],
  [["slow", "--wait"], {}, /--wait[\s\S]*usage: spillway drill/],
  [["slow", "--server", "web"], { SPILLWAY_TOKEN: "spw_x" }, /--server web: give an address/],
  [["slow", "--server", "ftp://web"], { SPILLWAY_TOKEN: "spw_x" }, /--server ftp:\/\/web: give an address/],
  [["slow"], { SPILLWAY_DATA_DIR: "/nonexistent" }, /cannot read \/nonexistent\/\w+-token \(ENOENT\): start/],
  [["slow"], { SPILLWAY_PORT: "x" }, /SPILLWAY_PORT/],
])("drill %j with %o is refused, and says why", async (words, environment, message) => {
  await expect(runDrillCommand(words, environment)).rejects.toThrow(message);
});
