import { expect, test } from "vitest";
import { demoEnvironment, parseDemoWords } from "../../../src/commands/demo.ts";

test("a demo has 200 hosts and a day, unless said otherwise", () => {
  expect(parseDemoWords([])).toEqual({ hosts: 200, hours: 24 });
  expect(parseDemoWords(["--hosts", "30", "--hours", "2"])).toEqual({ hosts: 30, hours: 2 });
});

test.each([["--hosts", "5"], ["--hosts", "many"], ["--hours", "1000"], ["--days", "2"], ["now"]])(
  "%s %s is refused with what may be written",
  (...words) => {
    expect(() => parseDemoWords(words)).toThrow(/from 30 to 2000|from 2 to 47|usage: spillway demo/);
  },
);

test("its data has a folder of its own, whatever the service's is", () => {
  const { SPILLWAY_DATA_DIR: folder } = demoEnvironment({ SPILLWAY_DATA_DIR: "/var/lib/spillway" });
  expect(folder).toMatch(/spillway-demo-\d+$/);
});
