/** Files that people write, and the environment: taken, or refused with what is wrong. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parseDetectionFile } from "../../../src/commands/detection-file.ts";
import { readConfig } from "../../../src/config.ts";
import { configSchema } from "../../../src/config-schema.ts";
import { parseReceivers } from "../../../src/notify/config/receivers-file.ts";
import { parseRules } from "../../../src/store/labels/rules-file.ts";
import { edited } from "../edits.ts";
import { expectReadOrRefused } from "../outcome.ts";
import { type FuzzTarget, target } from "../target.ts";

const RECEIVERS = readFileSync(new URL("../../../deploy/receivers.example.yml", import.meta.url), "utf8");
const LABELS = `- match: {role: web}
  labels: {team: shop, tier: "1"}
- match:
    - name: host
      op: RE
      value: "^db-[0-9]+$"
  labels: {role: db}
- match: [{name: region, op: EQ, value: eu}]
  labels: {zone: eu-1}
`;
const DETECTION = `objective: 99.9
lossThreshold: 1
pageShare: 5
zone: Europe/Berlin
roles:
  db: {objective: 99.99}
  batch:
    lossThreshold: 20
    zone: UTC
`;
/** What YAML makes something of. */
const PIECES = [
  ...["\n", " ", "  ", "\t", ":", ": ", "- ", ",", "[", "]", "{", "}", "? ", "|", ">\n", "#", '"', "'"],
  ...["&a ", "*a", "<<: *a", "!!set ", "!!binary ", "!!omap ", "!x ", "%YAML 1.1\n---\n", "---\n", "...\n"],
  ...["null", "~", "true", ".nan", ".inf", "-0", "1e999", "0x1f", "99999999999999999999", "2026-11-26"],
  ...["__proto__: ", "constructor: ", "\ud800", "\0", "\ufeff", "é", "$", "{ENV:A}", "{FILE:/x}", "{X:}"],
  ...["ENV:A", "FILE:/x", "X:"].map((reference) => `\${${reference}}`),
  ...["{{ ", "{% raw %}", "(", "(a+)+$", "\\", "%", "- &a [*a]\n", "a: &b [*b, *b]\n"],
];

const SETTINGS = Object.keys(configSchema.shape);
const words = [
  ...["0", "1", "-1", "2d", "7d", "0s", "1ms", "999999999w", "1e9", "NaN", "true", "no", "x", " ", "\0", "é"],
  ...["/", "/tmp/x", "relative", "postgres://", "postgresql://u:p@h/d", "redis://h", "unix:///s", "http://h"],
  ...["a=b", "=", "10.0.0.0/8", "::/0", "10.0.0.0/99", "role,service", ",", "read,admin", "X-User", "info"],
];

export const CONFIG: readonly FuzzTarget[] = [
  file("labels-file", LABELS, (text) => parseRules(text, "labels.yml")),
  file("detection-file", DETECTION, (text) => parseDetectionFile(text, "detection.yml")),
  file("receivers-file", RECEIVERS, (text) => {
    const readText = () => "a secret\n";
    return parseReceivers(text, "receivers.yml", { environment: { A: "b" }, readText });
  }),
  target("settings", {
    cases: 2_000,
    input: fc.dictionary(
      fc.oneof(fc.constantFrom(...SETTINGS), fc.constantFrom("SPILLWAY_NONE", "__proto__")),
      fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8 })),
      { maxKeys: 6 },
    ),
    check: (environment) => expectReadOrRefused(() => readConfig(environment), "CONFIGURATION"),
  }),
];

function file(name: string, original: string, parse: (text: string) => unknown): FuzzTarget {
  return target(name, {
    cases: 2_000,
    input: edited([original], PIECES),
    check: (text) => expectReadOrRefused(() => parse(text), "CONFIGURATION"),
  });
}
