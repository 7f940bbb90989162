import { parseArgs } from "node:util";
import { COMMANDS, type Command, FLAGS, type FlagName } from "./flags.ts";
import { LABEL_VARIABLE } from "./labels/kubernetes.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** Values of one setting, and how its user gave it, for messages. */
export interface Given {
  readonly values: string[];
  readonly source: string;
}

/** What the command line gives. Problems are added, not thrown: a user should see all of them at once. */
export function readFlags(
  argv: readonly string[],
  problems: string[],
): { readonly given: Map<FlagName, Given>; readonly command: Command | null } {
  let command: Command | null = null;
  const given = new Map<FlagName, Given>();
  const options = Object.fromEntries(FLAGS.map(({ name, takes }) => [name, { type: takes } as const]));
  // Not strict: strict stops at the first problem, and a user should see all of them.
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      const known = COMMANDS.find((name) => name === token.value);
      if (known === undefined) problems.push(`"${token.value}" is no option: see --help`);
      command = known ?? command;
    }
    if (token.kind !== "option") continue;
    const flag = FLAGS.find(({ name }) => name === token.name);
    if (flag === undefined) problems.push(`${token.rawName} is not known: see --help`);
    else if (flag.takes === "boolean" && token.value !== undefined) {
      problems.push(`${token.rawName} takes no value, but has "${token.value}"`);
    } else if (flag.takes === "string" && isMissing(token.value, token.inlineValue === true)) {
      problems.push(`${token.rawName} needs a value, as in --${flag.name} ${flag.example}`);
    } else add(given, flag.name, token.value ?? "", `--${flag.name}`);
  }
  return { given, command };
}

function isMissing(value: string | undefined, inline: boolean): boolean {
  return value === undefined || value === "" || (!inline && value.startsWith("--"));
}

/** Adds what the environment gives and no flag does. Returns warnings about names that nothing reads. */
export function readEnvironment(env: Env, given: Map<FlagName, Given>, problems: string[]): string[] {
  const warnings: string[] = [];
  const known = new Set(["SPILLWAY_AGENT_TOKEN"]);
  for (const { name, takes, env: variable } of FLAGS) {
    if (variable === undefined) continue;
    known.add(variable);
    const value = env[variable];
    if (value === undefined || value === "" || given.has(name)) continue;
    if (takes === "string") {
      for (const part of name === "label" ? value.split(",") : [value]) add(given, name, part, variable);
    } else if (value === "1" || value === "true") add(given, name, "", variable);
    else if (value !== "0" && value !== "false") problems.push(`${variable} is "${value}": give 1 or 0`);
  }
  for (const variable of Object.keys(env)) {
    if (variable.startsWith(LABEL_VARIABLE)) continue;
    if (variable.startsWith("SPILLWAY_AGENT_") && !known.has(variable)) {
      warnings.push(`${variable} is not known and has no effect: see --help`);
    }
  }
  return warnings;
}

function add(given: Map<FlagName, Given>, name: FlagName, value: string, source: string): void {
  const before = given.get(name);
  if (before === undefined) given.set(name, { values: [value], source });
  else before.values.push(value);
}
