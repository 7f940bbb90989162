import { expect, test } from "vitest";
import { PROTOCOL_VERSION, SPOKEN_VERSIONS } from "../../../src/protocol/version.ts";

test("the service speaks the version of its own agents and the two before it, as far as there were any", () => {
  const before = [PROTOCOL_VERSION - 2, PROTOCOL_VERSION - 1].filter((version) => version >= 1);
  expect(SPOKEN_VERSIONS).toEqual([...before, PROTOCOL_VERSION]);
});
