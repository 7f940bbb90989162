import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Workshop } from "../support/workshop.ts";
import type { Command, Prepared, Reply, Sent, StreamOptions } from "./generator-protocol.ts";

const PROGRAM = fileURLToPath(new URL("generator.ts", import.meta.url));

export interface Generator {
  open(stream: StreamOptions): Promise<void>;
  prepare(stream: string, steps: number): Promise<Prepared>;
  send(stream: string): Promise<Sent>;
  pace(stream: string, seconds: number): Promise<Sent>;
  stop(): Promise<void>;
}

/** Starts the load generator; one command at a time. */
export function startGenerator(shop: Workshop): Generator {
  const child = fork(PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const { stop } = shop.adopt(child);
  const ask = (command: Command): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const gone = () => reject(new Error("the load generator has ended"));
      child.once("exit", gone);
      child.once("message", (reply: Reply) => {
        child.off("exit", gone);
        if (reply.ok) resolve(reply.value);
        else reject(new Error(reply.error));
      });
      child.send(command);
    });
  return {
    open: async (stream) => {
      await ask({ do: "open", stream });
    },
    prepare: async (stream, steps) => (await ask({ do: "prepare", stream, steps })) as Prepared,
    send: async (stream) => (await ask({ do: "send", stream })) as Sent,
    pace: async (stream, seconds) => (await ask({ do: "pace", stream, seconds })) as Sent,
    stop,
  };
}
