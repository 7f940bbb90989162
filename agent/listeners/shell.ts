import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import {
  DEADLINE_MS,
  ENVIRONMENT,
  type Ended,
  type Execute,
  executeBounded,
  OUTPUT_BYTES,
} from "./execute.ts";

/** One small shell that stays and starts programs for the agent. */
export interface Shell {
  readonly execute: Execute;
  /** Process id while it is there; null before it is needed, and after it has died. */
  readonly pid: number | null;
}

/** Stands between the words of a command: no path and no flag of ours has it. */
const SEPARATOR = "\x1f";

/**
 * A line is a command, its words become parameters and are never read as shell (`set -f`: nor as patterns).
 * The shell's name, which no output has, and the exit code end its output. The end of its input ends the shell.
 */
const SCRIPT = `set -f; IFS='${SEPARATOR}'; while read -r line; do set -- $line; "$@" </dev/null; printf '%s %d\\n' "$0" "$?"; done`;

/** A run that the shell gave no use of: it ended with another code than 0, or the shell died. */
type Outcome = Ended | "unsettled";

interface Run {
  readonly chunks: Buffer[];
  bytes: number;
  readonly settle: (outcome: Outcome) => void;
}

interface Resident {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pid: number;
  /** Ends each output. Drawn by chance. */
  readonly name: string;
  run: Run | null;
  hasAnswered: boolean;
}

/**
 * Asks a shell that is there already: to start a program from Node costs the agent 1.3 ms of CPU more, since a
 * fork copies the page tables of a big process, and three pipes come and go (bench/agent).
 *
 * The shell is for the run that succeeds. Any other is done again by `plain`, which tells precisely what is
 * wrong; so is the first of all, since an agent that looks once needs no shell, and one that comes while
 * another is under way. Deadline, bound of output and environment are those of `plain`. Shell and program are a
 * process group, which is killed when a run must end; a shell that died is started again by the next run, unless
 * it never gave an answer. When the agent is killed the shell reads the end of its input.
 */
export function createShell(
  options: {
    readonly plain?: Execute;
    readonly path?: string;
    readonly deadlineMs?: number;
    readonly outputBytes?: number;
  } = {},
): Shell {
  const { plain = executeBounded, path = "/bin/sh" } = options;
  const { deadlineMs = DEADLINE_MS, outputBytes = OUTPUT_BYTES } = options;
  let resident: Resident | null = null;
  let isFirst = true;
  let isUseless = false;

  /** null when it could not be started now. */
  function start(): Resident | null {
    const name = `${process.pid}.${Math.random()}`;
    const child = launch(path, name);
    if (child === null) return null;
    child.on("error", (error: NodeJS.ErrnoException) => {
      isUseless ||= !PASSING.has(error.code ?? "");
    });
    const { pid } = child;
    // Streams may be missing as well.
    if (pid === undefined) return null;
    const gone = () => {
      if (resident?.child !== child) return;
      const { run, hasAnswered } = resident;
      isUseless = !hasAnswered;
      resident = null;
      run?.settle("unsettled");
    };
    child.on("exit", gone);
    child.stdin.on("error", () => {});
    child.stdout.on("error", () => {});
    child.stdout.on("data", (chunk: Buffer) => {
      if (resident?.child === child) take(resident, chunk);
    });
    // An idle shell keeps nobody alive; while it runs something the deadline's timer does.
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
    return { child, pid, name, run: null, hasAnswered: false };
  }

  function take(one: Resident, chunk: Buffer): void {
    const { run } = one;
    if (run === null) {
      // What nobody asked for cannot be told from the answer to the next run.
      kill(one);
      return;
    }
    run.chunks.push(chunk);
    run.bytes += chunk.length;
    const outcome = chunk.at(-1) === NEWLINE ? outcomeOf(Buffer.concat(run.chunks), one.name) : null;
    if (outcome !== null) {
      one.run = null;
      one.hasAnswered = true;
      run.settle(outcome);
    } else if (run.bytes > outputBytes) {
      kill(one);
      run.settle({ ...NOTHING, tooLong: true });
    }
  }

  function kill(one: Resident): void {
    if (resident === one) resident = null;
    try {
      process.kill(-one.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  function ask(one: Resident, line: string, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (code: string | null) => {
        kill(one);
        settle({ ...NOTHING, code });
      };
      const stop = () => end("ABORT_ERR");
      const timer = setTimeout(() => end(null), deadlineMs);
      const settle = (outcome: Outcome) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        resolve(outcome);
      };
      signal.addEventListener("abort", stop);
      one.run = { chunks: [], bytes: 0, settle };
      one.child.stdin.write(line);
    });
  }

  return {
    async execute(file, args, signal) {
      const words = [file, ...args];
      const mayAsk = !isFirst && !isUseless && !signal.aborted && !words.some(isUnfit);
      isFirst = false;
      if (!mayAsk || (resident !== null && resident.run !== null)) return plain(file, args, signal);
      resident ??= start();
      if (resident === null) return plain(file, args, signal);
      const outcome = await ask(resident, `${words.join(SEPARATOR)}\n`, signal);
      return outcome === "unsettled" ? plain(file, args, signal) : outcome;
    },
    get pid() {
      return resident?.pid ?? null;
    },
  };
}

/** Why a shell cannot be started now, although there is one. */
const PASSING: ReadonlySet<string> = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);
const NEWLINE = 10;
const NOTHING = { stdout: Buffer.alloc(0), stderr: "", code: null, tooLong: false } as const;

/** null when it is not over. */
function outcomeOf(output: Buffer, name: string): Outcome | null {
  const end = output.lastIndexOf(`${name} `, undefined, "latin1");
  if (end === -1) return null;
  if (output.toString("latin1", end + name.length + 1) !== "0\n") return "unsettled";
  return { ...NOTHING, stdout: output.subarray(0, end), code: 0 };
}

function isUnfit(word: string): boolean {
  return word === "" || word.includes(SEPARATOR) || word.includes("\n") || word.includes("\0");
}

function launch(path: string, name: string): Resident["child"] | null {
  try {
    return spawn(path, ["-c", SCRIPT, name], {
      env: ENVIRONMENT,
      stdio: ["pipe", "pipe", "ignore"],
      // A group of its own, to be killed as one.
      detached: true,
    });
  } catch {
    // Out of processes or memory.
    return null;
  }
}
