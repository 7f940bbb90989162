import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** As `node --cpu-prof` writes it. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

/** Source files of the agent, by the part of the cycle that they are. The first that matches holds. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^agent\/listeners\//, "listeners"],
  [/^agent\/namespaces\//, "namespaces"],
  [/^agent\/(collectors|parse)\/|^agent\/(collector|host|uptime|sampler)\.ts|count\.ts$/, "collect"],
  [/^agent\/spool\/|^agent\/queue\.ts/, "spool"],
  [/^agent\/(snapshot|message|columns)\.ts|layout\.ts$/, "encode"],
  [/^agent\/(transport|reply-reader|push|answer|verdict)\.ts/, "push"],
];

/** Node's own modules that run without a caller of ours: callbacks of the event loop. */
const NODE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/child_process/, "listeners"],
  [/fs/, "spool"],
  [/net|http|stream|zlib|tls|async_hooks/, "push"],
];

/**
 * CPU milliseconds a cycle of each part, by the time that samples of a profile took. A sample belongs to the
 * innermost frame of ours on its stack; garbage collection and what is native code without a stack stand apart.
 *
 * @param seconds counts the last so many of the profile.
 */
export function readParts(
  folder: string,
  agentFile: string,
  seconds: number,
  cycles: number,
): ReadonlyMap<string, number> {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`no profile in ${folder}`);
  const profile = JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile;
  const partOf = createClassifier(profile, sourceLines(agentFile));
  const total = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0);
  const from = total - seconds * 1e6;
  const parts = new Map<string, number>();
  let at = 0;
  for (const [index, id] of profile.samples.entries()) {
    // A delta is the time since the sample before: that is what this one stands for.
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    if (at < from) continue;
    const part = partOf(id);
    if (part !== null) parts.set(part, (parts.get(part) ?? 0) + delta / 1e3 / cycles);
  }
  return parts;
}

/** esbuild names the source above each file's code: the source of each line. */
function sourceLines(agentFile: string): readonly (string | null)[] {
  let source: string | null = null;
  return readFileSync(agentFile, "utf8")
    .split("\n")
    .map((line) => {
      source = /^\/\/ ((?:agent|src)\/\S+\.ts)$/.exec(line)?.[1] ?? source;
      return source;
    });
}

function createClassifier(
  { nodes }: Profile,
  lines: readonly (string | null)[],
): (id: number) => string | null {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])));
  const known = new Map<number, string | null>();

  function classify(id: number): string | null {
    const self = byId.get(id)?.callFrame;
    if (self?.functionName === "(idle)") return null;
    if (self?.functionName === "(garbage collector)") return "garbage collection";
    if (self?.functionName === "(program)") return "native, no stack";
    let node: string | null = null;
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame === undefined) break;
      const source = frame.url.endsWith(".mjs") ? (lines[frame.lineNumber] ?? null) : null;
      const part = source === null ? undefined : PARTS.find(([pattern]) => pattern.test(source));
      if (part !== undefined) return part[1];
      if (frame.url.startsWith("node:"))
        node ??= NODE_PARTS.find(([pattern]) => pattern.test(frame.url))?.[1] ?? null;
    }
    return node ?? "other";
  }

  return (id) => {
    const seen = known.get(id);
    if (seen !== undefined) return seen;
    const part = classify(id);
    known.set(id, part);
    return part;
  };
}
