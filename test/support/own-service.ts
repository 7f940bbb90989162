/** The service as a person starts it: nothing set but where its data goes, with its own Postgres and agent. */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endOf } from "./end-of.ts";
import { cleanEnvironment } from "./service.ts";
import { waitFor } from "./wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const cleanUp: (() => Promise<unknown>)[] = [];

/** Ends what was started, and removes its folders: for `afterEach`. */
export async function endOwnServices(): Promise<void> {
  for (const one of cleanUp.splice(0).reverse()) await one();
}

/** A folder for the data of a service. */
export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-data-"));
  // As root the database is another user, who must be able to pass.
  await chmod(folder, 0o711);
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** @param args a role and its words; none for the whole service */
export function run(dataDir: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: "/",
    env: {
      ...cleanEnvironment(),
      NODE_ENV: "production",
      SPILLWAY_DATA_DIR: dataDir,
      SPILLWAY_PORT: "0",
      SPILLWAY_INTERVAL: "500ms",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = endOf(child);
  cleanUp.push(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const ready = () =>
    waitFor(
      "the service to be ready",
      () => {
        if (child.exitCode !== null) throw new Error(output);
        return /Address +(http:\S+)/.exec(output)?.[1];
      },
      { timeoutMs: 60_000 },
    );
  return { child, ended, ready, output: () => output };
}

/** The data of a query, asked with the token that the service keeps beside its data. */
export async function ask(url: string, dataDir: string, query: string) {
  const token = (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as { data: Record<string, never> };
  return data as never;
}
