/**
 * A service reduced to its embedded Postgres, as a process that a test can kill: `<data dir> [package dir]`.
 *
 * It writes one line of JSON for each thing that happens, and stops the server on SIGTERM.
 */
import { startEmbeddedPostgres } from "../../src/embedded/embedded-postgres.ts";

export type ServiceEvent =
  | { readonly event: "log"; readonly level: string; readonly message: string }
  | {
      readonly event: "started";
      readonly url: string;
      readonly pid: number;
      readonly notes: readonly string[];
    }
  | { readonly event: "refused"; readonly code: string; readonly message: string }
  | { readonly event: "exited"; readonly expected: boolean; readonly message: string };

function say(event: ServiceEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const write = (level: string) => (facts: unknown, message?: string) =>
  say({ event: "log", level, message: message ?? String(facts) });

async function main(dataDir: string, packageDir: string | undefined): Promise<void> {
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { info: write("info"), warn: write("warn") },
    ...(packageDir === undefined ? {} : { packageDir }),
  });
  say({ event: "started", url: server.url, pid: server.pid, notes: server.notes });
  process.on("SIGTERM", () => void server.stop());
  const { expected, message } = await server.exited;
  say({ event: "exited", expected, message });
  await server.stop();
}

const [dataDir = "", packageDir] = process.argv.slice(2);
main(dataDir, packageDir).catch((error: { code?: string; message: string }) => {
  say({ event: "refused", code: error.code ?? "", message: error.message });
});
