/** What a run has started and made, so that all of it ends with the run, and nothing else does. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The last it has written, both streams. */
  output(): string;
  /** SIGTERM, after a while SIGKILL; resolves when it is gone. Safe to call twice. */
  stop(): Promise<void>;
}

const OUTPUT_CHARACTERS = 10_000;
const STOP_MS = 15_000;

export class Workshop {
  /** A folder of the run's own, removed at its end. */
  readonly folder: string;
  #ends: (() => Promise<void>)[] = [];
  #kills: (() => void)[] = [];
  readonly #children = new Set<ChildProcess>();
  #folders = 0;

  /** @param bench which is told apart by the names of its folders */
  constructor(bench = "service") {
    this.folder = mkdtempSync(join(tmpdir(), `spillway-bench-${bench}-`));
    // As root, Postgres runs as another user, who must come through here.
    chmodSync(this.folder, 0o755);
  }

  /** A new folder in the run's. */
  newFolder(name: string): string {
    const path = join(this.folder, `${name}-${this.#folders++}`);
    mkdirSync(path);
    return path;
  }

  /** Done at the end of the run, the latest first; `kill` instead of all of them where there is no time left. */
  atEnd(end: () => Promise<void>, kill?: () => void): void {
    this.#ends.push(end);
    if (kill !== undefined) this.#kills.push(kill);
  }

  start(command: string, args: readonly string[], options: SpawnOptions = {}): Started {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-OUTPUT_CHARACTERS);
      });
    }
    if (child.pid === undefined) throw new Error(`cannot start ${command}`);
    return { pid: child.pid, child, output: () => output, stop: this.#stopOf(child) };
  }

  /** Takes in a child that was started otherwise. */
  adopt(child: ChildProcess): { stop(): Promise<void> } {
    return { stop: this.#stopOf(child) };
  }

  /** Safe to call twice. */
  async end(): Promise<void> {
    const ends = this.#ends.reverse();
    this.#ends = [];
    for (const end of ends) await end().catch(() => undefined);
    // Their process ids may be another's by now.
    this.#kills = [];
    this.endAtOnce();
  }

  /** Where there is no time left: children are killed, the folder is removed. */
  endAtOnce(): void {
    for (const kill of this.#kills) kill();
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #stopOf(child: ChildProcess): () => Promise<void> {
    this.#children.add(child);
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => {
        this.#children.delete(child);
        resolve();
      });
    });
    child.on("error", () => undefined);
    let stopping: Promise<void> | null = null;
    const stop = () => {
      stopping ??= (async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
        await gone;
        clearTimeout(timer);
      })();
      return stopping;
    };
    this.#ends.push(stop);
    return stop;
  }
}

/** A port of loopback that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
