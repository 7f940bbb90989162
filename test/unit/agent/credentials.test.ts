import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTokenSource } from "../../../agent/credentials.ts";
import { temporaryFolder } from "./support/procfs.ts";

test("a token file that a person mended is taken up, and kept out of the log like the first", () => {
  const tokenFile = join(temporaryFolder(onTestFinished), "token");
  const secrets = new Set<string>();
  const problems: string[] = [];
  const source = createTokenSource({ tokenFile, token: "old-token" }, secrets, (problem) =>
    problems.push(problem),
  );
  source.reload();
  expect([source.current(), problems.length]).toEqual(["old-token", 1]);
  writeFileSync(tokenFile, "new-token\n");
  source.reload();
  expect(source.current()).toBe("new-token");
  expect([...secrets]).toEqual(["old-token", "new-token"]);
  writeFileSync(tokenFile, "two words");
  source.reload();
  expect(source.current()).toBe("new-token");
  expect(problems[1]).toBe(`the token file ${tokenFile} must hold one token and nothing else`);
});

test("a token of the environment has no file to read again", () => {
  const source = createTokenSource({ tokenFile: null, token: "t" }, new Set(), () => {});
  source.reload();
  expect(source.current()).toBe("t");
});

test.each([
  [
    "in a file",
    "/etc/spillway/ingest-token",
    undefined,
    /mend the token in \/etc\/spillway\/ingest-token, which is read again/,
  ],
  [
    "beside systemd's copies",
    "/run/credentials/a.service.token",
    "/run/credentials/a.service",
    /is read again/,
  ],
  [
    "among systemd's copies",
    "/run/credentials/a.service/token",
    "/run/credentials/a.service",
    /LoadCredential=.*restart/,
  ],
  [
    "of the environment",
    null,
    "/run/credentials/a.service",
    /mend the token: .*SPILLWAY_AGENT_TOKEN.*restart/,
  ],
])("a token %s that is refused: what helps is said", (_case, tokenFile, copies, remedy) => {
  const source = createTokenSource({ tokenFile, token: "t" }, new Set(), () => {}, copies);
  expect(source.remedy).toMatch(remedy);
});
