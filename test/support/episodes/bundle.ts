import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PROCESSES = fileURLToPath(new URL("./processes", import.meta.url));

/**
 * Bundles every process of an episode into a folder, as plain JavaScript: one episode starts half a dozen, and a
 * loader of TypeScript in each would cost more than what they do.
 */
export async function bundleProcesses(folder: string): Promise<void> {
  const koffi = createRequire(import.meta.url).resolve("koffi");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  await build({
    entryPoints: readdirSync(PROCESSES).map((name) => join(PROCESSES, name)),
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    plugins: [
      {
        // It loads a binary that lies beside it, so it stays where it is.
        name: "koffi",
        setup: ({ onResolve }) => onResolve({ filter: /^koffi$/ }, () => ({ path: koffi, external: true })),
      },
    ],
  });
}
