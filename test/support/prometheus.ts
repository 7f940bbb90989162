/** A real Prometheus that scrapes a real node_exporter and writes to a service. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, type TestNetwork } from "./network.ts";
import { waitFor } from "./wait.ts";

const NODE_EXPORTER = "prometheus-node-exporter";
export const hasPrometheus = [NODE_EXPORTER, "prometheus"].every(
  (command) => spawnSync(command, ["--version"]).status === 0,
);

export interface Scrape {
  /** ms since 1970 */
  readonly at: number;
  readonly value: number;
}

export interface Scraped {
  /** What Prometheus answers to an instant query: values by the labels of each series. */
  ask(query: string): Promise<{ readonly metric: Record<string, string>; readonly value: number }[]>;
  /** What it has scraped of a counter within the last hour, by time. */
  samples(metric: string): Promise<Scrape[]>;
  /** No more scrapes: what was scraped until then is still sent. */
  stopScraping(): Promise<void>;
  stop(): Promise<void>;
}

export interface ScrapeOptions {
  readonly network: TestNetwork;
  /** Where it writes to, with a token that may ingest. */
  readonly url: string;
  readonly token: string;
  /** One that may read: the service is scraped too. */
  readonly readToken: string;
  /** Samples of one request at most: a few, so that every scrape comes in several. */
  readonly samplesPerRequest: number;
}

/** node_exporter runs on the other side of the network, with all fields of Tcp and TcpExt but those left out. */
export async function startScraped(options: ScrapeOptions): Promise<Scraped> {
  const { network, url, token, readToken, samplesPerRequest } = options;
  const folder = await mkdtemp(join(tmpdir(), "spillway-prometheus-"));
  const [exporterPort, port] = [await freePort(), await freePort()];
  const target = `${network.otherAddress}:${exporterPort}`;
  const config = {
    global: { scrape_interval: "1s", external_labels: { region: "eu" } },
    scrape_configs: [
      { job_name: "node", static_configs: [{ targets: [target] }] },
      {
        job_name: "spillway",
        authorization: { credentials: readToken },
        params: { by: ["region"] },
        static_configs: [{ targets: [new URL(url).host] }],
      },
    ],
    remote_write: [
      {
        url: `${url}/api/v1/write`,
        authorization: { credentials: token },
        // As docs/prometheus.md has it: hundreds of other series a second would be sent for nothing.
        write_relabel_configs: [
          {
            source_labels: ["__name__"],
            regex: "node_netstat_.*|node_boot_time_seconds|container_network_advance_tcp_stats_total",
            action: "keep",
          },
        ],
        queue_config: {
          max_samples_per_send: samplesPerRequest,
          min_shards: 3,
          max_shards: 3,
          batch_send_deadline: "200ms",
          min_backoff: "30ms",
          max_backoff: "500ms",
        },
      },
    ],
  };
  // JSON is YAML.
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config), { mode: 0o600 });
  const exporter = network.run(NODE_EXPORTER, [
    `--web.listen-address=${target}`,
    "--collector.disable-defaults",
    "--collector.netstat",
    "--collector.stat",
    "--collector.netstat.fields=^(Tcp|TcpExt)_.*",
  ]);
  const own = `http://127.0.0.1:${port}`;
  const query = async (text: string) => {
    const answer = await (await fetch(`${own}/api/v1/query?${new URLSearchParams({ query: text })}`)).json();
    return (answer as { data: { result: unknown[] } }).data.result;
  };
  const prometheus = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "pipe" },
  );
  const outputs = [exporter, prometheus].map(outputOf);
  await waitFor("Prometheus", async () => (await fetch(`${own}/-/ready`).catch(() => null))?.ok === true, {
    timeoutMs: 60_000,
  }).catch((error: unknown) => {
    throw new Error(outputs.map((output) => output()).join("\n"), { cause: error });
  });
  return {
    ask: async (text) => {
      const result = (await query(text)) as { metric: Record<string, string>; value: [number, string] }[];
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    samples: async (metric) => {
      const [series] = (await query(`${metric}[1h]`)) as { values: [number, string][] }[];
      return (series?.values ?? []).map(([at, value]) => ({
        at: Math.round(at * 1_000),
        value: Number(value),
      }));
    },
    stopScraping: () => end(exporter),
    stop: async () => {
      await Promise.all([end(exporter), end(prometheus)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function outputOf(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
  }
  return () => text;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
