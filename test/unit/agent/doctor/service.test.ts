import { expect, onTestFinished, test } from "vitest";
import { netstat } from "../../../../agent/collectors/netstat.ts";
import { askService } from "../../../../agent/doctor/ask.ts";
import { checkClock } from "../../../../agent/doctor/clock.ts";
import { examine, findingsJson, findingsTable } from "../../../../agent/doctor/doctor.ts";
import { checkServer } from "../../../../agent/doctor/server.ts";
import { checkToken } from "../../../../agent/doctor/token.ts";
import { temporaryFolder } from "../support/procfs.ts";
import { answered, type Handler, hangUp, problem, startService, text } from "../support/service.ts";

async function ask(handler: Handler) {
  const service = await startService(onTestFinished);
  service.answer(handler);
  const asked = await askService({ server: service.url, token: "s3cret-token" }, 2_000);
  return { service, asked };
}

const taken = answered(() => ({ status: "stored" }));

test("a service that takes the token: server, token and clock are ok, and nothing of a host was sent", async () => {
  const { service, asked } = await ask(taken);
  expect(checkServer(service.url, asked)).toMatchObject({ status: "ok" });
  expect(checkToken(asked, null)).toEqual({
    check: "token",
    status: "ok",
    message: "the service takes pushes with it",
  });
  expect(checkClock(asked)).toMatchObject({ status: "ok" });
  expect(service.received).toHaveLength(1);
  expect(service.received[0]?.push.hosts).toEqual([{ snapshots: [] }]);
});

test.each([
  [401, "UNAUTHENTICATED"],
  [403, "FORBIDDEN"],
])("%i: the server is ok, the token is not, and the clock is not known", async (status, code) => {
  const { service, asked } = await ask(problem(status, code));
  expect(checkServer(service.url, asked).status).toBe("ok");
  expect(checkToken(asked, null)).toMatchObject({
    status: "FAIL",
    message: expect.stringMatching(`refuses it: ${status} ${code}.*spillway token create`),
  });
  expect(checkClock(asked)).toMatchObject({ status: "warn", message: expect.stringContaining("not known") });
});

test.each<[string, Handler, string]>([
  ["a login page", text("<html>log in</html>"), "is a proxy in between?"],
  ["a fault", problem(503, "UNAVAILABLE"), "503 UNAVAILABLE"],
  ["a closed connection", hangUp, "takes connections and does not answer"],
])("%s: the server is a FAIL that quotes it, and the token is not known", async (_case, handler, words) => {
  const { service, asked } = await ask(handler);
  expect(checkServer(service.url, asked)).toMatchObject({
    status: "FAIL",
    message: expect.stringContaining(words),
  });
  expect(checkToken(asked, null)).toMatchObject({ status: "warn" });
});

test("no service: it says what is not reachable", async () => {
  const server = new URL("http://127.0.0.1:1");
  const asked = await askService({ server, token: "" });
  expect(checkServer(server, asked)).toMatchObject({
    status: "FAIL",
    message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1\/ cannot be connected to: .*ECONNREFUSED/),
  });
  expect(checkToken(asked, null).status).toBe("warn");
  expect(checkClock(asked).status).toBe("warn");
});

test("a token that is wrong here already is a FAIL, whatever the service says", async () => {
  const { asked } = await ask(taken);
  expect(checkToken(asked, "no token: give --token-file")).toEqual({
    check: "token",
    status: "FAIL",
    message: "no token: give --token-file",
  });
});

test.each([
  [60_000, "60.0 s behind"],
  [-60_000, "60.0 s ahead of"],
])("a service whose clock is %i ms off: a warning that says which way", async (offMs, words) => {
  const { asked } = await ask(answered(() => ({}), { time: () => Date.now() + offMs }));
  const { status, message } = checkClock(asked);
  expect([status, message]).toEqual(["warn", expect.stringContaining(words)]);
});

test("all checks together, in order; the token is in none of them", async () => {
  const service = await startService(onTestFinished);
  service.answer(text("you sent Bearer s3cret-token", 401));
  const settings = {
    procfs: "/proc",
    stateDir: temporaryFolder(onTestFinished),
    spoolMaxBytes: 1024 ** 2,
    server: service.url,
    token: "s3cret-token",
    tokenProblem: null,
  };
  const findings = await examine(settings, [netstat]);
  expect(findings.map(({ check }) => check)).toEqual([
    "procfs",
    "network namespace",
    "ss and tcp_diag",
    "processes",
    "privileges",
    "state folder",
    "free space",
    "server",
    "token",
    "clock",
  ]);
  expect(JSON.stringify(findings)).toContain("you sent Bearer ***");
});

test("a table has a line for each check, whatever a server has put into a message, and a sum", () => {
  const findings = [
    { check: "server", status: "ok", message: "it answers" },
    { check: "token", status: "FAIL", message: "refused:\n\u001b[31mok" },
  ] as const;
  expect(findingsTable(findings)).toBe(
    ["ok    server  it answers", "FAIL  token   refused: [31mok", "", "1 ok, 0 warn, 1 FAIL", ""].join("\n"),
  );
  expect(JSON.parse(findingsJson(findings))).toEqual(findings);
});
