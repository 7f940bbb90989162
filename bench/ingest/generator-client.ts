import { startChild } from "../support/child.ts";
import type { Workshop } from "../support/workshop.ts";
import type { Command, Prepared, Sent, StreamOptions } from "./generator-protocol.ts";

export interface Generator {
  open(stream: StreamOptions): Promise<void>;
  prepare(stream: string, steps: number): Promise<Prepared>;
  send(stream: string): Promise<Sent>;
  pace(stream: string, seconds: number): Promise<Sent>;
  stop(): Promise<void>;
}

/** Starts the load generator; one command at a time. */
export function startGenerator(shop: Workshop): Generator {
  const { ask, stop } = startChild<Command>(shop, new URL("generator.ts", import.meta.url));
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
