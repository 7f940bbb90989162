/** The built agent as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

export interface AgentOptions {
  readonly server: string;
  readonly stateDir: string;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** The token, if no flag names a file with it. */
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Agent {
  readonly process: ChildProcess;
  /** Everything it has logged so far. */
  output(): string;
  /** Sends the signal, then waits. @returns the exit code */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

export function startAgent({ server, stateDir, flags = [], token, env = {} }: AgentOptions): Agent {
  const child = spawn(process.execPath, [AGENT, "--server", server, "--state-dir", stateDir, ...flags], {
    env: {
      PATH: process.env.PATH,
      ...(token === undefined ? {} : { SPILLWAY_AGENT_TOKEN: token }),
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return {
    process: child,
    output: () => output,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
