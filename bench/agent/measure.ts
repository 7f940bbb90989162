import { setTimeout as sleep } from "node:timers/promises";
import { type CpuTimes, type Memory, readCpu, readMemory } from "./proc.ts";
import type { Program } from "./programs.ts";

export interface Measured {
  readonly name: string;
  readonly does: string;
  /** Of the process itself, a mean over the counted cycles. */
  readonly cpuMs: number;
  /** Of single cycles, where the kernel counts finely enough. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** Of its children, and theirs, a mean. */
  readonly childrenMs: number;
  /** After the last cycle. */
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly childrenAnonymousMb: number;
}

/** What a program did so far, at the end of each cycle. */
interface Track {
  readonly program: Program;
  readonly cpu: CpuTimes[];
  memory: Memory;
}

/**
 * Cycle by cycle with all programs side by side, so that a noisy moment of the machine is every one's: those
 * that are scraped are scraped in each, the others keep their own time of the same length.
 *
 * @throws Error when a program ends, or does not answer.
 */
export async function measure(
  programs: readonly Program[],
  { warmup, cycles, intervalMs }: { warmup: number; cycles: number; intervalMs: number },
): Promise<readonly Measured[]> {
  const tracks = programs.map((program): Track => ({ program, cpu: [], memory: readMemory(program.pid) }));
  const began = performance.now();
  for (let cycle = 1; cycle <= warmup + cycles; cycle += 1) {
    for (const { program } of tracks) {
      const { exitCode, signalCode } = program.child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`${program.name} ended by ${signalCode ?? exitCode}: ${program.output()}`);
      if (program.scrape !== null) await scrape(program, intervalMs, cycle === 1);
    }
    await sleep(Math.max(0, began + cycle * intervalMs - performance.now()));
    if (cycle < warmup) continue;
    for (const track of tracks) track.cpu.push(readCpu(track.program.pid));
  }
  for (const track of tracks) track.memory = readMemory(track.program.pid);
  return tracks.map(summary);
}

function summary({ program: { name, does }, cpu, memory }: Track): Measured {
  const [first, last] = [cpu[0], cpu.at(-1)];
  if (first === undefined || last === undefined) throw new Error("no cycle was counted");
  const cycles = cpu.length - 1;
  const fine: number[] = [];
  for (const [index, { fineMs }] of cpu.entries()) {
    const before = cpu[index - 1]?.fineMs ?? null;
    if (fineMs !== null && before !== null) fine.push(fineMs - before);
  }
  fine.sort((a, b) => a - b);
  const at = (part: number) => fine[Math.min(fine.length - 1, Math.floor(part * fine.length))] ?? null;
  return {
    name,
    does,
    cpuMs: (last.ownMs - first.ownMs) / cycles,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    childrenMs: (last.childrenMs - first.childrenMs) / cycles,
    ...memory,
  };
}

/** Tried again for a while at the first cycle: it may not listen yet. */
async function scrape({ name, scrape: url }: Program, intervalMs: number, isFirst: boolean): Promise<void> {
  if (url === null) return;
  for (let tries = isFirst ? 50 : 1; ; tries -= 1) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(Math.max(2_000, intervalMs)) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
      return;
    } catch (error) {
      if (tries <= 1) throw new Error(`cannot scrape ${name}`, { cause: error });
      await sleep(100);
    }
  }
}
