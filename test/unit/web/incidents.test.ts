import { expect, test } from "vitest";
import { adviceOf, worstFirst } from "../../../web/dashboard/pages/incidents/worst-first.ts";

test("incidents come by severity, however many newer ones there are, and then by what they lose", () => {
  const minor = Array.from({ length: 60 }, () => ({ severity: "MINOR", lossShare: 0.9 }) as const);
  const [first, second, third] = worstFirst([
    ...minor,
    { severity: "CRITICAL", lossShare: null },
    { severity: "MAJOR", lossShare: 0.5 },
    { severity: "CRITICAL", lossShare: 0.1 },
  ]);
  expect([first, second, third]).toEqual([
    { severity: "CRITICAL", lossShare: 0.1 },
    { severity: "CRITICAL", lossShare: null },
    { severity: "MAJOR", lossShare: 0.5 },
  ]);
});

test("the advice is the first remedy, where there is one", () => {
  const advice = adviceOf([
    { id: "incident_1", diagnosis: { remedies: ["raise the backlog", "look at it"] } },
    { id: "incident_2", diagnosis: { remedies: [] } },
    { id: "incident_3", diagnosis: null },
  ]);
  expect([...advice]).toEqual([["incident_1", "raise the backlog"]]);
});
