/**
 * Generates the Prisma client into src/generated, without any download.
 *
 * The Prisma CLI wants its schema engine, a binary that it fetches from its own host, before every
 * command; `generate` never runs it. Naming any existing file as that engine keeps the CLI from asking
 * the network. It is set for this one command only: with it, `prisma migrate` would do nothing and say so
 * to nobody.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const prismaPackage = createRequire(import.meta.url).resolve("prisma/package.json");
const cli = join(dirname(prismaPackage), "build", "index.js");

const result = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  cwd: root,
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  },
  encoding: "utf8",
});
if (result.status !== 0) {
  process.stderr.write(`${result.stdout}${result.stderr}`);
  process.stderr.write("cannot generate the Prisma client from prisma/schema.prisma\n");
  process.exit(1);
}
