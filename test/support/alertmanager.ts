/** A real Alertmanager of the test's own, where it is installed, and where it notifies to. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end } from "./network.ts";
import { waitFor } from "./wait.ts";

/** As Debian calls it, and as its makers do. */
const PROGRAM = ["prometheus-alertmanager", "alertmanager"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
export const hasAlertmanager = PROGRAM !== undefined;

/** An alert as its API shows it. */
export interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

/** What it has notified its own receiver of. */
export interface Told {
  readonly status: "firing" | "resolved";
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

export interface TestAlertmanager {
  readonly url: string;
  /** Alerts that it takes to be going on. */
  alerts(): Promise<ShownAlert[]>;
  /** Its notifications so far. */
  readonly told: readonly Told[];
  /** Kills it and starts it anew, with nothing that it knew. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on loopback, alone, with groups by role that are told of within a second. */
export async function startAlertmanager(): Promise<TestAlertmanager> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-alertmanager-"));
  const told: Told[] = [];
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    response.end();
  };
  const receiver = createHttpServer((request, response) => {
    // Killed in the middle of a notification it has told nothing.
    hear(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const config = join(folder, "alertmanager.json");
  await writeFile(config, JSON.stringify(configOf((receiver.address() as AddressInfo).port)));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;

  let child: ChildProcess;
  let output = "";
  const start = async (): Promise<void> => {
    const storage = await mkdtemp(join(folder, "storage-"));
    const words = [
      `--config.file=${config}`,
      `--storage.path=${storage}`,
      `--web.listen-address=${address}`,
      "--cluster.listen-address=",
    ];
    child = spawn(PROGRAM ?? "alertmanager", words, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    await waitFor("Alertmanager to be ready", async () => (await fetch(`${url}/-/ready`)).ok).catch(
      (error) => {
        throw new Error(`${String(error)}\n${output}`);
      },
    );
  };
  await start();
  return {
    url,
    told,
    alerts: async () => (await fetch(`${url}/api/v2/alerts`)).json() as Promise<ShownAlert[]>,
    restart: async () => {
      await end(child);
      await start();
    },
    stop: async () => {
      await end(child);
      receiver.closeAllConnections();
      receiver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(port: number) {
  return {
    route: {
      receiver: "test",
      group_by: ["role"],
      group_wait: "1s",
      group_interval: "1s",
      repeat_interval: "4h",
    },
    receivers: [
      {
        name: "test",
        webhook_configs: [{ url: `http://127.0.0.1:${port}/`, send_resolved: true }],
      },
    ],
  };
}

/** A port that was free a moment ago: it cannot be told to choose one. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
