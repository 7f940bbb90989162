import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

test("the agent bundles the short meanings of the catalog, and none of its long texts", async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL("../../../agent/main.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const catalog = Object.entries(output?.inputs ?? {})
    .filter(([path, { bytesInOutput }]) => path.includes("src/catalog/") && bytesInOutput > 0)
    .map(([path]) => path.replace(/.*src\/catalog\//, ""));
  expect(catalog.sort()).toEqual([
    "backlog-advice.ts",
    "groups.ts",
    "kinds.ts",
    "meanings.ts",
    "seed.ts",
    "summary.ts",
    "units.ts",
  ]);
});
