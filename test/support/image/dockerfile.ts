/** The stages of the Dockerfile, as far as our own has them: enough to do on a folder what a builder does in a layer. */
import { readFileSync } from "node:fs";

export interface Copy {
  /** Of another stage; null for the checkout. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  readonly name: string;
  readonly steps: readonly ({ readonly copy: Copy } | { readonly run: string })[];
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
}

/** @throws for an instruction that it does not know: what it would leave out, no test would see */
export function readStages(path: string): ReadonlyMap<string, Stage> {
  const stages = new Map<string, Stage>();
  let name = "";
  const change = (difference: (stage: Stage) => Partial<Stage>) => {
    const stage = stages.get(name);
    if (stage === undefined) throw new Error(`${path}: an instruction before the first FROM`);
    stages.set(name, { ...stage, ...difference(stage) });
  };
  for (const line of instructionsOf(readFileSync(path, "utf8"))) {
    const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/s.exec(line) ?? [];
    switch (word) {
      case "FROM":
        name = / AS (\w+)$/.exec(rest)?.[1] ?? "";
        stages.set(name, { name, steps: [], env: {}, entrypoint: [] });
        break;
      case "COPY":
        change(({ steps }) => ({ steps: [...steps, { copy: copyOf(rest) }] }));
        break;
      case "RUN":
        change(({ steps }) => ({ steps: [...steps, { run: rest }] }));
        break;
      case "ENV":
        change(({ env }) => ({ env: { ...env, ...pairsOf(rest) } }));
        break;
      case "ENTRYPOINT":
        change(() => ({ entrypoint: JSON.parse(rest) as string[] }));
        break;
      case "WORKDIR":
      case "EXPOSE":
      case "USER":
      case "STOPSIGNAL":
      case "VOLUME":
      case "HEALTHCHECK":
      case "CMD":
        break;
      default:
        throw new Error(`${path}: ${line}: an instruction that this does not know`);
    }
  }
  return stages;
}

/** What .dockerignore lets through, of the names in the checkout's root: it refuses all but those. */
export function letThrough(path: string): ReadonlySet<string> {
  const [first, ...lines] = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (first !== "*") throw new Error(`${path}: it should begin with *, and then name what is let through`);
  return new Set(lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1)));
}

function instructionsOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
  return lines.join("\n").replaceAll("\\\n", " ").split("\n");
}

function copyOf(rest: string): Copy {
  const words = rest.split(/\s+/);
  const from =
    words[0]?.startsWith("--from=") === true ? (words.shift() ?? "").slice("--from=".length) : null;
  const target = words.pop() ?? "";
  return { from, sources: words, target };
}

function pairsOf(rest: string): Record<string, string> {
  return Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split("=", 2) as [string, string]));
}
