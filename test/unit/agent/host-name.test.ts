import { expect, test } from "vitest";
import { createHostName } from "../../../agent/host-name.ts";

/** The names that pushes say while the kernel gives these, one after another. */
function said(first: string, names: readonly string[]): readonly string[] {
  const left = [...names];
  const nameNow = createHostName(
    first,
    () => {},
    () => left.shift() ?? "",
  );
  return names.map(() => nameNow());
}

test("a name that DHCP gives after the start is taken up, and told once", () => {
  const told: string[] = [];
  const names = ["localhost", "web-1", "web-1"];
  const nameNow = createHostName(
    "localhost",
    (name) => told.push(name),
    () => names.shift() ?? "web-1",
  );
  expect([nameNow(), nameNow(), nameNow(), nameNow()]).toEqual(["localhost", "web-1", "web-1", "web-1"]);
  expect(told).toEqual(["web-1"]);
});

test.each(["localhost", "localhost.localdomain", "Localhost", "(none)", "", " ", "x".repeat(254)])(
  "a known name is not given up for %j",
  (name) => {
    expect(said("web-1", [name, "web-2", name])).toEqual(["web-1", "web-2", "web-2"]);
  },
);

test("names that only begin so are names", () => {
  expect(said("web-1", ["localhost-7"])).toEqual(["localhost-7"]);
});
