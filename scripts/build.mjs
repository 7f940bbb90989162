/**
 * Builds dist/: the Prisma client, the service (tsc), the agent as one file and the pages for browsers (esbuild).
 *
 * `--if-stale` does nothing when dist/ was built from these very sources, so that `npm start` and `npm test`
 * may always ask for it.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const SOURCES = [
  "src",
  "agent",
  "web",
  "prisma",
  "scripts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "prisma.config.ts",
];

/** What GraphiQL is made of: a long bundle of packages that hardly ever change. */
const GRAPHIQL_SOURCES = ["web/graphiql", "src/graphql/examples", "package-lock.json", "scripts/build.mjs"];
const DASHBOARD_SOURCES = [
  "web/dashboard",
  "src/graphql/schema.graphql",
  "package-lock.json",
  "scripts/build.mjs",
  "scripts/web-documents.mjs",
];

/** A digest of the names and contents of sources: what was added, changed or removed since is seen. */
function digestOf(sources) {
  const hash = createHash("sha256").update(process.version);
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    const entries = readdirSyncOrNull(full);
    if (entries === null) hash.update(path).update("\0").update(readFileSync(full)).update("\0");
    else for (const name of entries.sort()) if (name !== "generated") add(join(path, name));
  };
  for (const source of sources) add(source);
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

const stamp = (folder) => join(folder, ".built-from");

/** Makes one of the pages for browsers, or takes it over from the last build where none of its sources has changed. */
async function buildPages(name, sources, make) {
  const [last, to] = [join(dist, "web", name), join(aside, "web", name)];
  const own = digestOf(sources);
  if (existsSync(stamp(last)) && readFileSync(stamp(last), "utf8") === own) {
    cpSync(last, to, { recursive: true });
    return;
  }
  mkdirSync(to, { recursive: true });
  await make(to);
  writeFileSync(stamp(to), own);
}

async function makeGraphiql(to) {
  const worker = (path) => createRequire(join(root, "web", "graphiql", "main.tsx")).resolve(path);
  await build({
    entryPoints: {
      main: join(root, "web", "graphiql", "main.tsx"),
      page: join(root, "web", "graphiql", "page.css"),
      "editor.worker": worker("monaco-editor/esm/vs/editor/editor.worker.js"),
      "json.worker": worker("monaco-editor/esm/vs/language/json/json.worker.js"),
      "graphql.worker": worker("monaco-graphql/esm/graphql.worker.js"),
    },
    outdir: to,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    loader: { ".graphql": "text", ".ttf": "file", ".woff2": "file", ".woff": "file" },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "external",
    logLevel: "warning",
  });
}

/** The dashboard: its files carry a hash of their content, and lie beside themselves compressed. */
async function makeDashboard(to) {
  run("web-documents", [join(root, "scripts", "web-documents.mjs")]);
  const { default: react } = await import("@vitejs/plugin-react");
  const vite = await import("vite");
  await vite.build({
    configFile: false,
    root: join(root, "web", "dashboard"),
    plugins: [react()],
    logLevel: "warn",
    build: {
      outDir: to,
      emptyOutDir: true,
      target: "es2022",
      // The page's policy allows no inline script, and every browser of the target preloads modules by itself.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
    },
  });
  const assets = join(to, "assets");
  for (const name of readdirSync(assets)) {
    const content = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content));
  }
}

const digest = digestOf(SOURCES);
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
await buildPages("graphiql", GRAPHIQL_SOURCES, makeGraphiql);
await buildPages("dashboard", DASHBOARD_SOURCES, makeDashboard);
writeFileSync(stamp(aside), digest);
rmSync(`${aside}.old`, { recursive: true, force: true });
if (existsSync(dist)) renameSync(dist, `${aside}.old`);
renameSync(aside, dist);
rmSync(`${aside}.old`, { recursive: true, force: true });
process.stderr.write(`built in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
