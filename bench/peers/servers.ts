/** The peers, where they are installed: each with a folder of its own, on loopback. */
import { accessSync, constants, readdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { waitFor } from "../../test/support/wait.ts";
import { processCpuMs, residentMb } from "../support/cpu.ts";
import { freePort, type Workshop } from "../support/workshop.ts";

export interface Peer {
  readonly name: "VictoriaMetrics" | "Prometheus";
  readonly port: number;
  /** Where remote write goes. */
  readonly writePath: string;
  /** CPU so far, in ms. */
  cpuMs(): number;
  /** The most memory that it had, in MB. */
  peakMb(): number;
  /** Bytes of its folder. */
  diskBytes(): number;
  /** Makes what was written readable, and written out. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export const VICTORIA = which(["victoria-metrics", "victoria-metrics-prod"]);
export const PROMETHEUS = which(["prometheus"]);

/** Null where it is not installed. */
export async function startVictoria(shop: Workshop): Promise<Peer | null> {
  if (VICTORIA === null) return null;
  const [folder, port] = [shop.newFolder("victoria"), await freePort()];
  const started = shop.start(VICTORIA, [
    `-storageDataPath=${folder}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    "-retentionPeriod=12",
    "-search.disableCache",
    // Questions about the past minute, which its default keeps back.
    "-search.latencyOffset=0s",
    "-loggerLevel=ERROR",
  ]);
  const base = `http://127.0.0.1:${port}`;
  await waitFor("VictoriaMetrics to answer", async () => (await fetch(`${base}/health`)).ok, {
    timeoutMs: 30_000,
  });
  return {
    name: "VictoriaMetrics",
    port,
    writePath: "/api/v1/write",
    cpuMs: () => processCpuMs(started.pid),
    peakMb: () => residentMb(started.pid),
    diskBytes: () => bytesOf(folder),
    flush: async () => {
      await fetch(`${base}/internal/force_flush`);
    },
    stop: started.stop,
  };
}

/** Null where it is not installed. */
export async function startPrometheus(shop: Workshop): Promise<Peer | null> {
  if (PROMETHEUS === null) return null;
  const [folder, port] = [shop.newFolder("prometheus"), await freePort()];
  const config = join(shop.newFolder("prometheus-config"), "prometheus.yml");
  writeFileSync(config, "global: {scrape_interval: 10s}\n");
  const started = shop.start(PROMETHEUS, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--web.enable-remote-write-receiver",
    "--log.level=error",
  ]);
  const base = `http://127.0.0.1:${port}`;
  await waitFor("Prometheus to answer", async () => (await fetch(`${base}/-/ready`)).ok, {
    timeoutMs: 30_000,
  });
  return {
    name: "Prometheus",
    port,
    writePath: "/api/v1/write",
    cpuMs: () => processCpuMs(started.pid),
    peakMb: () => residentMb(started.pid),
    diskBytes: () => bytesOf(folder),
    flush: async () => undefined,
    stop: started.stop,
  };
}

/** Bytes of all files in a folder, as many as they take on disk. */
export function bytesOf(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    try {
      sum += statSync(join(entry.parentPath, entry.name)).size;
    } catch {
      // Merged away meanwhile.
    }
  }
  return sum;
}

/** The first of the names that PATH has; Debian keeps daemons where a user's PATH does not look. */
function which(names: readonly string[]): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not here.
      }
    }
  }
  return null;
}
