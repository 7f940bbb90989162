import { expect, test } from "vitest";
import { DASHBOARD_PATHS } from "../../../src/http/dashboard.ts";
import PATHS from "../../../web/dashboard/paths.json" with { type: "json" };

test("the service answers at the dashboard's own paths", () => {
  expect(DASHBOARD_PATHS).toEqual(Object.values(PATHS));
});
