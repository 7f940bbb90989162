import type { Collector } from "../collector.ts";
import { columns } from "../columns.ts";
import type { Settings } from "../config.ts";
import { askService } from "./ask.ts";
import type { Finding } from "./check.ts";
import { checkClock } from "./clock.ts";
import { checkNamespace } from "./namespace.ts";
import { checkPrivileges, checkProcesses } from "./permissions.ts";
import { checkProcfs } from "./procfs.ts";
import { checkServer } from "./server.ts";
import { checkSs } from "./ss.ts";
import { checkSpace, checkStateFolder } from "./state.ts";
import { checkToken } from "./token.ts";

/** Checks all that a run needs, in the order in which it would be missed. Changes nothing; never throws. */
export async function examine(
  settings: Pick<Settings, "procfs" | "stateDir" | "spoolMaxBytes" | "server" | "token" | "tokenProblem">,
  collectors: readonly Collector[],
): Promise<readonly Finding[]> {
  const { procfs, stateDir, server } = settings;
  const asked = await askService(settings);
  const findings = [
    checkProcfs(procfs, collectors),
    checkNamespace(procfs),
    await checkSs(procfs),
    checkProcesses(procfs),
    checkPrivileges(procfs),
    checkStateFolder(stateDir),
    checkSpace(stateDir, settings.spoolMaxBytes),
    checkServer(server, asked),
    checkToken(asked, settings.tokenProblem),
    checkClock(asked),
  ];
  return findings.map((finding) => ({ ...finding, message: withoutToken(finding.message, settings.token) }));
}

/** What is between agent and service may repeat the headers of a request that it refuses. */
function withoutToken(message: string, token: string): string {
  return token === "" ? message : message.replaceAll(token, "***");
}

export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ status, check, message }) => [status, check, oneLine(message)]);
  const count = (status: Finding["status"]) => findings.filter((one) => one.status === status).length;
  const sum = `${count("ok")} ok, ${count("warn")} warn, ${count("FAIL")} FAIL`;
  return `${[...columns(rows, ["left", "left", "left"]), "", sum].join("\n")}\n`;
}

/** A list of objects with `check`, `status` and `message`. */
export function findingsJson(findings: readonly Finding[]): string {
  return `${JSON.stringify(findings, null, 2)}\n`;
}

/** A message may quote what a server sent, which must not forge lines or steer a terminal. */
function oneLine(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return message.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
