import type { FleetOptions } from "../fleet/fleet.ts";
import type { Target } from "../ingest/post-request.ts";
import { startChild } from "../support/child.ts";
import type { Workshop } from "../support/workshop.ts";
import type { Command, Part, Ran } from "./generator-protocol.ts";

export interface Generator {
  agents(name: string, fleet: FleetOptions, target: Target, hosts?: number): Promise<void>;
  readers(name: string, port: number, requests: readonly string[]): Promise<void>;
  disconnect(name: string): Promise<void>;
  /** Encodes the next run. @returns when it begins, ms since 1970 */
  plan(parts: readonly Part[]): Promise<number>;
  run(drainMs: number): Promise<Ran>;
}

/** Starts the load generator; one command at a time. */
export function startGenerator(shop: Workshop): Generator {
  const { ask } = startChild<Command>(shop, new URL("generator.ts", import.meta.url));
  return {
    agents: async (name, fleet, target, hosts = fleet.hosts) => {
      await ask({ do: "agents", name, fleet, target, hosts });
    },
    readers: async (name, port, requests) => {
      await ask({ do: "readers", name, port, requests });
    },
    disconnect: async (name) => {
      await ask({ do: "disconnect", name });
    },
    plan: async (parts) => (await ask({ do: "plan", parts })) as number,
    run: async (drainMs) => (await ask({ do: "run", drainMs })) as Ran,
  };
}
