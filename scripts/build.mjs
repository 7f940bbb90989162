/**
 * Builds dist/: the Prisma client, the service (tsc) and the agent as one file (esbuild).
 *
 * `--if-stale` does nothing when dist/ is newer than every source, so that `npm start` and `npm test` may
 * always ask for it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "dist", ".built");
const sources = [
  "src",
  "agent",
  "prisma",
  "scripts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "prisma.config.ts",
];

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  let time = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === "generated") continue;
    time = Math.max(time, newest(join(path, entry.name)));
  }
  return time;
}

function run(what, args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (result.status !== 0) {
    process.stderr.write(`cannot build Spillway: ${what} failed\n`);
    process.exit(1);
  }
}

const builtAt = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sourcesAt = Math.max(...sources.map((name) => newest(join(root, name))));
if (process.argv.includes("--if-stale") && builtAt >= sourcesAt) process.exit(0);

const require = createRequire(import.meta.url);
const started = performance.now();
process.stderr.write("building Spillway ...\n");
rmSync(join(root, "dist"), { recursive: true, force: true });
run("prisma generate", [join(root, "scripts", "generate.mjs")]);
run("tsc", [
  join(dirname(require.resolve("typescript/package.json")), "bin", "tsc"),
  "-p",
  "tsconfig.build.json",
]);

const { build } = await import("esbuild");
await build({
  entryPoints: [join(root, "agent", "main.ts")],
  outfile: join(root, "dist", "agent.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  legalComments: "none",
  banner: { js: "#!/usr/bin/env node" },
  logLevel: "warning",
});
chmodSync(join(root, "dist", "agent.mjs"), 0o755);
// Written last and dated by the sources read, so that a build cut short, or an edit during it, is seen.
writeFileSync(stamp, "");
utimesSync(stamp, Math.ceil(sourcesAt / 1000), Math.ceil(sourcesAt / 1000));
process.stderr.write(`built in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
