/**
 * The images of the Dockerfile, made on folders: what it copies is enough to build, and what it leaves out is not missed.
 * No container engine is asked for; the base images and what apt installs are not looked at.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { letThrough, readStages, type Stage } from "../support/image/dockerfile.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const stages = readStages(join(ROOT, "Dockerfile"));
const allowed = letThrough(join(ROOT, ".dockerignore"));
const run = (folder: string, ...args: string[]) =>
  spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env: cleanEnvironment() });

let folder: string;
let database: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-image-"));
  database = await createDatabase(inject("postgresUrl"));
  // In the order of the file, in which each copies only from those before it.
  for (const stage of stages.values()) make(stage);
}, 300_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await dropDatabase(inject("postgresUrl"), database);
});

test("the image of the service starts, migrates and answers with the packages that it has", async () => {
  const { env, entrypoint } = stageOf("service");
  const [, ...args] = entrypoint;
  const child = spawn(process.execPath, [...args, "serve"], {
    cwd: appOf("service"),
    env: {
      ...cleanEnvironment(),
      ...env,
      SPILLWAY_LISTEN: "127.0.0.1",
      SPILLWAY_PORT: "0",
      DATABASE_URL: databaseUrlOf(inject("postgresUrl"), database),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
  try {
    const url = await waitFor(
      "the service of the image",
      () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${output}`);
        return /Address +(http:\S+)/.exec(output)?.[1] ?? null;
      },
      { timeoutMs: 60_000 },
    );
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: "ready" });
    for (const path of ["/sign-in", "/agent.mjs", "/install.sh"]) {
      expect([path, (await fetch(url + path)).status]).not.toEqual([path, 404]);
    }
  } finally {
    child.kill("SIGTERM");
  }
  expect(await ended).toBe(0);
});

test("the image of the agent has the agent", () => {
  const [, ...args] = stageOf("agent").entrypoint;
  const file = join(folder, "agent", args.at(-1) ?? "");
  const { stdout, status } = run(folder, file, "--help");
  expect([status, stdout]).toEqual([0, expect.stringMatching(/--server/)]);
});

/** A stage of the Dockerfile as a folder: its steps, one after another. */
function make({ name, steps }: Stage): void {
  const app = appOf(name);
  mkdirSync(app, { recursive: true });
  for (const step of steps) {
    if ("run" in step) {
      runIn(name, app, step.run);
      continue;
    }
    const { from, sources, target } = step.copy;
    for (const source of sources) {
      if (from === null && !allowed.has(source))
        throw new Error(`.dockerignore does not let ${source} through`);
      const path = from === null ? join(ROOT, source) : inStage(from, source);
      const many = target === "./" || sources.length > 1;
      cpSync(path, join(inStage(name, target), many ? source : ""), {
        recursive: true,
        // What .dockerignore leaves out.
        filter: (file) => !["src/generated", "web/dashboard/generated"].includes(relative(ROOT, file)),
      });
    }
  }
}

function runIn(name: string, app: string, command: string): void {
  if (command.startsWith("npm ci")) installInto(app, command.includes("--omit=dev"));
  else if (command.startsWith("node ")) {
    const { status, stdout, stderr } = run(app, ...command.split(" ").slice(1));
    if (status !== 0) throw new Error(`${name}: ${command}: ${stdout}${stderr}`);
  }
}

/** The packages that are installed already, which are those of the same lockfile: all of them, or what is needed to run. */
function installInto(app: string, toRun: boolean): void {
  if (!toRun) {
    symlinkSync(join(ROOT, "node_modules"), join(app, "node_modules"));
    return;
  }
  const { packages } = JSON.parse(readFileSync(join(app, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, optional, devOptional }] of Object.entries(packages)) {
    if (path === "" || dev || optional || devOptional || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(app, path)), { recursive: true });
    const own = (file: string) => !relative(join(ROOT, path), file).startsWith("node_modules");
    cpSync(join(ROOT, path), join(app, path), { recursive: true, filter: own });
  }
}

function stageOf(name: string): Stage {
  const stage = stages.get(name);
  if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return stage;
}

const appOf = (stage: string) => join(folder, stage, "app");

/** A path of a stage's file system; what is not absolute is below /app. */
function inStage(stage: string, path: string): string {
  return path.startsWith("/") ? join(folder, stage, path) : join(appOf(stage), path);
}
