import { expect, test } from "vitest";
import { faultOf, faultOfChange, problemAsErrors } from "../../../web/dashboard/client/fault.ts";

const NOT_KNOWN = /not known whether the change was made/;

test("what the service says is told as it says it", () => {
  const failed = { graphQLErrors: [{ message: "there is no such host" }], response: { status: 200 } };
  expect(faultOf(failed)).toBe("there is no such host");
  expect(faultOfChange(failed)).toBe("there is no such host");
});

test.each([
  [401, /sign in again/],
  [403, /not allowed/],
  [413, /choose less/],
  [429, /wait a little/],
  [404, /answers with 404/],
])("a refusal without words is told by its status: %i", (status, words) => {
  const failed = { graphQLErrors: [], response: { status } };
  expect(faultOf(failed)).toMatch(words);
  expect(faultOfChange(failed)).toMatch(words);
});

test("a change of which no answer came may have been made, and nobody promises to repeat it", () => {
  for (const response of [undefined, { status: 502 }, { status: 200 }]) {
    expect(faultOfChange({ graphQLErrors: [], response })).toMatch(NOT_KNOWN);
    expect(faultOf({ graphQLErrors: [], response })).not.toMatch(NOT_KNOWN);
  }
  expect(faultOf({ graphQLErrors: [] })).toBe("The service does not answer.");
});

test("a problem of the service keeps its words on the way through the client", () => {
  expect(
    JSON.parse(problemAsErrors('{"title":"Too Many","detail":"wait 3 s","code":"RATE_LIMITED"}') ?? ""),
  ).toEqual({
    errors: [{ message: "wait 3 s", extensions: { code: "RATE_LIMITED" } }],
  });
  expect(problemAsErrors("<html>")).toBeNull();
  expect(problemAsErrors("null")).toBeNull();
  expect(problemAsErrors("{}")).toBeNull();
});
