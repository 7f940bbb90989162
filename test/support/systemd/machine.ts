/** A machine that a real systemd starts, stops and runs services on; its network is that of the test. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "../wait.ts";

const SCRIPT = fileURLToPath(new URL("./machine.sh", import.meta.url));
const INIT = "/lib/systemd/systemd";
const START_MS = 120_000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SystemdMachine {
  /** Starts it, and waits until what starts with it has been started. */
  boot(): Promise<void>;
  /** Shuts it down as a person does, and waits until it is off. */
  powerOff(): Promise<void>;
  /** Runs a program in it, as its root. */
  run(command: string, ...args: readonly string[]): Promise<Ran>;
  /** Ends and removes all of it. */
  remove(): Promise<void>;
}

/** Why no such machine can be had here; null when it can. */
export function whyNoSystemd(): string | null {
  if (process.getuid?.() !== 0) return "only root may start one";
  if (!existsSync(INIT)) return "the package systemd is not installed";
  const folder = mkdtempSync(join(tmpdir(), "spillway-machine-"));
  const tried = spawnSync("unshare", ["--mount", "sh", SCRIPT, folder, "/bin/true"], {
    input: "\n",
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true, force: true });
  const booted = tried.status === 0 && /^init \d+\noff\n$/.test(tried.stdout);
  return booted
    ? null
    : `this machine does not allow it: ${tried.stderr.trim() || tried.error || tried.status}`;
}

export function makeMachine(): SystemdMachine {
  const folder = mkdtempSync(join(tmpdir(), "spillway-machine-"));
  const holder = spawn("unshare", ["--mount", "sh", SCRIPT, folder], { stdio: "pipe" });
  let said = "";
  for (const stream of [holder.stdout, holder.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const exited = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
  let boots = 0;

  /** Process id of its init in the newest boot. */
  const init = () => [...said.matchAll(/^init (\d+)\n/gm)][boots - 1]?.[1];
  const isOff = () => [...said.matchAll(/^off\n/gm)].length === boots;

  const run: SystemdMachine["run"] = (command, ...args) => {
    const pid = init();
    if (pid === undefined || isOff()) throw new Error(`the machine is off: ${said}`);
    return new Promise((resolve) => {
      execFile(
        "nsenter",
        ["-t", pid, "-a", command, ...args],
        { encoding: "utf8" },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
        },
      );
    });
  };

  return {
    run,
    async boot() {
      boots += 1;
      holder.stdin.write("\n");
      await waitFor(
        "systemd to have started all",
        async () =>
          init() !== undefined && (await run("systemctl", "is-active", "multi-user.target")).code === 0,
        { timeoutMs: START_MS },
      );
    },
    async powerOff() {
      await run("systemctl", "poweroff");
      await waitFor("the machine to be off", isOff, { timeoutMs: START_MS });
    },
    async remove() {
      const pid = init();
      if (pid !== undefined && !isOff()) process.kill(Number(pid), "SIGKILL");
      holder.stdin.end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
