import { expect, test } from "vitest";
import type { Flag } from "../../../../src/detect/flag.ts";
import { diagnosisOf, spread, windowOf } from "../support/windows.ts";

const PEER: Flag = {
  detector: "peers",
  series: "TcpEstabResets",
  from: 0,
  to: 300_000,
  observed: 1_500,
  expected: 15,
  low: 0,
  high: 40,
  z: 20,
  share: null,
  text: "300 EstabResets a minute, where the 5 other hosts of web have 3 in the middle.",
};

test("a host that differs from others of its role has nothing the matter with it by that", () => {
  expect(diagnosisOf(windowOf(spread({ accepted: 600 })), { flags: [PEER] })).toBeNull();
});

test("how it differs is the last evidence of what is the matter with it", () => {
  const stalled = windowOf(spread({ overflows: 600, drops: 600 }));
  const alone = diagnosisOf(stalled);
  expect(diagnosisOf(stalled, { flags: [PEER] })).toEqual({
    ...alone,
    evidence: [
      ...(alone?.evidence ?? []),
      { statement: PEER.text, counter: "TcpEstabResets", value: 1_500, listener: null },
    ],
  });
});

test("of what nobody can explain it is said beside what is unusual", () => {
  const burst: Flag = { ...PEER, detector: "burst", series: "TcpExtPruneCalled", text: "9 PruneCalled." };
  const found = diagnosisOf(windowOf(spread({ accepted: 600 })), { flags: [burst, PEER] });
  expect(found?.cause).toBe("UNKNOWN");
  expect(found?.summary).toContain("9 PruneCalled.");
  expect(found?.evidence.map(({ statement }) => statement)).toEqual(["9 PruneCalled.", PEER.text]);
});
