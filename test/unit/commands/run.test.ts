import { describe, expect, it } from "vitest";
import { asksForHelp, refuseWords, runCommand } from "../../../src/commands/run.ts";

describe("words after a role", () => {
  it("asking for help does nothing else, whatever the role", () => {
    for (const role of ["serve", "migrate", "sign-in", "token", "demo", "backup"]) {
      expect(asksForHelp(role, ["--help"]), role).toBe(true);
      expect(asksForHelp(role, ["-h"]), role).toBe(true);
      expect(asksForHelp(role, []), role).toBe(false);
    }
    for (const role of ["help", "--help", "-h"]) expect(asksForHelp(role, [])).toBe(true);
  });

  it("roles with a manual of their own show that", () => {
    for (const role of ["detect", "drill"]) expect(asksForHelp(role, ["--help"]), role).toBe(false);
  });

  it("a slip does not start a role that takes no words", () => {
    for (const role of ["all", "serve", "work", "migrate", "check-config", "sign-in"]) {
      expect(() => refuseWords(role, []), role).not.toThrow();
      expect(() => refuseWords(role, ["--port", "80"]), role).toThrow(`"${role}" takes no "--port 80"`);
    }
    expect(() => refuseWords("backup", ["/var/backups"])).not.toThrow();
  });

  it("a role that there is not is named", async () => {
    await expect(runCommand("sevre", [], {})).rejects.toThrow('there is no role "sevre"');
  });
});
