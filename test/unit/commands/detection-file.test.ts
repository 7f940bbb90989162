import { describe, expect, test } from "vitest";
import { parseDetectionFile } from "../../../src/commands/detection-file.ts";
import { DEFAULT_SETTINGS, leastLossThreshold, policyOf } from "../../../src/detect/settings.ts";

const FILE = `
objective: 99.95
zone: Europe/Berlin
roles:
  web: { pageShare: 5, lossThreshold: 0.05 }
  batch:
    objective: 95
    zone: Asia/Tokyo
`;

describe("the detection file", () => {
  test("asks of a role what is said of it, and otherwise what is said of all", () => {
    const settings = parseDetectionFile(FILE, "detection.yml");
    expect(policyOf(settings, null)).toEqual({
      objective: 0.9995,
      lossThreshold: 0.001,
      pageShare: 0.1,
      zone: "Europe/Berlin",
    });
    expect(policyOf(settings, "db")).toEqual(policyOf(settings, null));
    expect(policyOf(settings, "web")).toEqual({
      objective: 0.9995,
      lossThreshold: 0.0005,
      pageShare: 0.05,
      zone: "Europe/Berlin",
    });
    expect(policyOf(settings, "batch")).toMatchObject({ objective: 0.95, zone: "Asia/Tokyo" });
    expect(leastLossThreshold(settings)).toBe(0.0005);
  });

  test.each(["", "# nothing yet\n", "roles: {}\n"])("that says nothing leaves the defaults: %j", (text) => {
    expect(parseDetectionFile(text, "detection.yml")).toEqual(DEFAULT_SETTINGS);
  });

  test.each([
    ["objective: 100", "detection.yml:1:12: objective: write a percentage below 100"],
    [
      "roles:\n  web: { objective: 0 }",
      "detection.yml:2:21: roles.web.objective: write a percentage above 0 and below 100",
    ],
    ["objectives: 99", 'detection.yml:1:13: the file: Unrecognized key: "objectives"'],
    ["roles: [web]", "detection.yml:1:8: roles: Invalid input: expected record, received array"],
    ["objective: [", "detection.yml:1:"],
    ["zone: Berlin", "detection.yml:1:7: zone: write the name of a time zone, as Europe/Berlin"],
  ])("with a fault says where: %j", (text, fault) => {
    expect(() => parseDetectionFile(text, "detection.yml")).toThrow(fault);
  });
});
