/** The built agent as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endOf } from "./end-of.ts";
import type { TestNetwork } from "./network.ts";

export const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

export interface AgentOptions {
  readonly server: string;
  readonly stateDir: string;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** The token, if no flag names a file with it. */
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** On whose other side it runs; on the machine itself when left out. */
  readonly network?: TestNetwork;
}

export interface Agent {
  readonly process: ChildProcess;
  /** Everything it has logged so far. */
  output(): string;
  /** Sends the signal, then waits. @returns the exit code */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

export function startAgent({ server, stateDir, flags = [], token, env = {}, network }: AgentOptions): Agent {
  const words = [AGENT, "--server", server, "--state-dir", stateDir, ...flags];
  const environment = {
    PATH: process.env.PATH,
    ...(token === undefined ? {} : { SPILLWAY_AGENT_TOKEN: token }),
    ...env,
  };
  const child =
    network?.node(words, environment) ??
    spawn(process.execPath, words, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  child.stdout?.resume();
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const exited = endOf(child);
  return {
    process: child,
    output: () => output,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
