import { describe, expect, test } from "vitest";
import { checkScenario } from "../scenarios/runner/check.ts";
import { readScenarios } from "../scenarios/runner/files.ts";
import { onRates } from "../scenarios/runner/on-rates.ts";
import { parseScenario } from "../scenarios/runner/parse.ts";

describe("scenarios on the pure rates", () => {
  test.each(readScenarios().map((scenario) => [scenario.file, scenario] as const))(
    "%s",
    async (_, scenario) => {
      await checkScenario(scenario, onRates(scenario));
    },
  );
});

describe("a script at fault names its file and line", () => {
  const series = "# One host.\nevery 10s web-1/TcpActiveOpens 1 2 3\n";
  test.each([
    ["no title", "every 10s web-1/TcpActiveOpens 1 2", "x.test:1: begin with a comment"],
    ["no expectation", series, "x.test:1: nothing is expected"],
    ["unknown word", `${series}after 1m`, 'x.test:3: "after" begins no statement'],
    [
      "unknown happening",
      `${series}every 10s web-2/TcpActiveOpens 1 [explosion] 2`,
      "x.test:3: [explosion] is none of",
    ],
    ["not a value", `${series}every 10s web-2/TcpActiveOpens 1 two`, 'x.test:3: "two" is not a value'],
    ["above 2^64-1", `${series}every 10s web-2/TcpActiveOpens 18446744073709551616`, "x.test:3: "],
    [
      "lines that disagree",
      `${series}every 10s web-1/TcpPassiveOpens 1 _ 3`,
      "x.test:3: place 2 is a missing snapshot",
    ],
    ["a shorter line", `${series}every 10s web-1/TcpPassiveOpens 1 2`, "x.test:3: place 3 is not there"],
    ["no such host", `${series}at 1m expect no gap web-2`, "x.test:3: there is no web-2 above"],
    [
      "no such counter",
      `${series}at 1m expect rate web-1/TcpCurrEstab 0`,
      "x.test:3: web-1 has no TcpCurrEstab",
    ],
    ["no span", `${series}at soon expect no gap web-1`, 'x.test:3: "soon" is not a span of time'],
  ])("%s", (_, text, message) => {
    expect(() => parseScenario("x.test", text)).toThrow(message);
  });

  test("an expectation that does not hold says what holds", async () => {
    const scenario = parseScenario("x.test", `${series}at 20s expect increase web-1/TcpActiveOpens 3`);
    await expect(checkScenario(scenario, onRates(scenario))).rejects.toThrow(
      "x.test:3: at 20s expect increase web-1/TcpActiveOpens 3\n  but it is 2",
    );
  });

  test.each([
    ["increase web-1/TcpActiveOpens none", "but it is 2"],
    ["rate web-1/TcpActiveOpens 0.3", "but it is 0.1"],
    ["reset web-1 at 10s", "but resets are at: no time"],
    ["gap web-1 from 0s to 10s", "but gaps are: none"],
  ])("expect %s fails", async (expected, message) => {
    const scenario = parseScenario("x.test", `${series}at 20s expect ${expected}`);
    await expect(checkScenario(scenario, onRates(scenario))).rejects.toThrow(message);
  });
});
