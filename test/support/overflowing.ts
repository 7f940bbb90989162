/** A listener of the test's own whose accept queue overflows when it is told to, on the real kernel. */
import type { ChildProcess } from "node:child_process";
import { end, firstLine, readCounter, script, type TestNetwork } from "./network.ts";
import { waitFor } from "./wait.ts";

export interface Overflowing {
  /** ListenOverflows of its network namespace, as the kernel has it. */
  kernel(): number;
  /** Has thirty clients connect to its queue of 4, and waits until the kernel has counted 25 overflows more. */
  overflow(): Promise<void>;
  end(): Promise<void>;
}

/** Starts the listener on the other side of a network, and stops it: it accepts nothing. */
export async function startOverflowing(network: TestNetwork): Promise<Overflowing> {
  const listener = network.node([script("listener"), "127.0.0.1", "4"]);
  const port = await firstLine(listener);
  listener.kill("SIGSTOP");
  const clients: ChildProcess[] = [];
  const kernel = () => readCounter(listener.pid ?? 0, "ListenOverflows");
  return {
    kernel,
    overflow: async () => {
      const before = kernel();
      const child = network.node([script("connect"), "127.0.0.1", port, "30"]);
      clients.push(child);
      await waitFor("the kernel to count overflows", () => kernel() - before >= 25);
      await end(child);
    },
    end: async () => {
      await Promise.all([...clients.map(end), end(listener)]);
    },
  };
}
