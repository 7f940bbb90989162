/**
 * Builds dist/: the Prisma client, the service (tsc) and the agent as one file (esbuild).
 *
 * `--if-stale` does nothing when dist/ was built from these very sources, so that `npm start` and `npm test`
 * may always ask for it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const SOURCES = [
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

/** A digest of the names and contents of all sources: what was added, changed or removed since is seen. */
function digestOfSources() {
  const hash = createHash("sha256").update(process.version);
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    const entries = readdirSyncOrNull(full);
    if (entries === null) hash.update(path).update("\0").update(readFileSync(full)).update("\0");
    else for (const name of entries.sort()) if (name !== "generated") add(join(path, name));
  };
  for (const source of SOURCES) add(source);
  return hash.digest("hex");
}

function readdirSyncOrNull(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === "ENOTDIR") return null;
    throw error;
  }
}

function run(what, args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (result.status === 0) return;
  process.stderr.write(`cannot build Spillway: ${what} failed\n`);
  process.exit(1);
}

/**
 * An `import` of one of Node's own modules reads every export of it, and with that loads what hangs on those
 * that load at first use (WebCrypto, promises): 1.4 MB that the agent never needs. So it takes them by name.
 * A module's imports stand before its code, and there are no cycles, so they may be plain statements.
 */
function withCheapBuiltins(code) {
  const cheap = code.replaceAll(
    /^import (\{[^}]*\}) from ("node:[^"]+");$/gm,
    (_, names, module) => `const ${names.replaceAll(" as ", ": ")} = process.getBuiltinModule(${module});`,
  );
  const left = /^import .*/m.exec(cheap);
  if (left === null) return cheap;
  process.stderr.write(`cannot build Spillway: the agent must import named exports of Node: ${left[0]}\n`);
  process.exit(1);
}

const digest = digestOfSources();
const stamp = (folder) => join(folder, ".built-from");
const built = existsSync(stamp(dist)) ? readFileSync(stamp(dist), "utf8") : "";
if (process.argv.includes("--if-stale") && built === digest) process.exit(0);

const require = createRequire(import.meta.url);
const started = performance.now();
// Built aside and then put in place: a build that fails or is cut short leaves what was.
const aside = `${dist}.${process.pid}`;
process.stderr.write("building Spillway ...\n");
run("prisma generate", [join(root, "scripts", "generate.mjs")]);
run("tsc", [
  join(dirname(require.resolve("typescript/package.json")), "bin", "tsc"),
  "-p",
  "tsconfig.build.json",
  "--outDir",
  aside,
]);

const { build } = await import("esbuild");
const agent = join(aside, "agent.mjs");
await build({
  entryPoints: [join(root, "agent", "main.ts")],
  outfile: agent,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  legalComments: "none",
  banner: { js: "#!/usr/bin/env node" },
  logLevel: "warning",
});
writeFileSync(agent, withCheapBuiltins(readFileSync(agent, "utf8")));
chmodSync(agent, 0o755);
writeFileSync(stamp(aside), digest);
rmSync(`${aside}.old`, { recursive: true, force: true });
if (existsSync(dist)) renameSync(dist, `${aside}.old`);
renameSync(aside, dist);
rmSync(`${aside}.old`, { recursive: true, force: true });
process.stderr.write(`built in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
