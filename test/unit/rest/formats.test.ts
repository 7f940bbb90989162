import { expect, test } from "vitest";
import { csvOf } from "../../../src/rest/formats.ts";

test("CSV has a column for each label that occurs, and an empty field for null and for what is missing", () => {
  const rows = [
    { time: "2026-11-22T12:00:00.000Z", value: 1.5, labels: { role: "web" } },
    { time: "2026-11-22T12:01:00.000Z", value: null, labels: { region: "eu, west", role: 'a "b"' } },
    { time: "2026-11-22T12:02:00.000Z", value: 0, on: true, labels: {} },
  ];
  expect(csvOf(rows)).toBe(
    [
      "time,value,on,label_region,label_role",
      "2026-11-22T12:00:00.000Z,1.5,,,web",
      '2026-11-22T12:01:00.000Z,,,"eu, west","a ""b"""',
      "2026-11-22T12:02:00.000Z,0,true,,",
      "",
    ].join("\r\n"),
  );
});

test("no field is a formula to a spreadsheet", () => {
  const [, line] = csvOf([{ name: '=cmd|"/c calc"!A1', value: -1, labels: { x: "+1", y: "@a" } }]).split(
    "\r\n",
  );
  expect(line).toBe('"\'=cmd|""/c calc""!A1",-1,\'+1,\'@a');
});

test("a table without rows is its end", () => {
  expect(csvOf([])).toBe("\r\n");
});
