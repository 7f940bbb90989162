/** Texts of one's own in Liquid: they see what they are given, and no file, no network and no setting. */
import { Liquid, type Template as Part } from "liquidjs";
import { unknownName } from "./names.ts";
import { samples } from "./sample.ts";
import type { Variables } from "./variables.ts";

/** Makes text from outside harmless where it will be shown. */
export type Escape = (text: string) => string;

export interface Template {
  /** @returns without blanks around it, and empty where it has nothing to say @throws TemplateFault */
  render(variables: Variables): string;
}

/** What is wrong with a template, and where. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
  /** Of the part at fault, from the beginning of the template; null where it is none in particular. */
  readonly offset: number | null;

  constructor(message: string, offset: number | null, options: { cause?: unknown } = {}) {
    super(message, options);
    this.offset = offset;
  }
}

/** Of a template, in characters. */
const SOURCE_LENGTH = 10_000;
/** Of what it makes; every far end takes less. */
const TEXT_LENGTH = 40_000;
/** A template is of a few lines: it takes less than a thousandth of these, and one without end is stopped. */
const RENDER_MS = 500;
const MEMORY = 1_000_000;

/** Those that only choose and repeat. Others read files, keep state, or write what is not escaped. */
const TAGS = ["assign", "break", "case", "comment", "continue", "for", "if", "raw", "unless", "#"];

/**
 * A template that is known to work: it is parsed, each name in it is looked up, and it is rendered for examples of
 * everything there is to tell.
 *
 * @param escaping of every value that it puts out
 * @throws TemplateFault
 */
export function compileTemplate(source: string, escaping: Escape): Template {
  if (source.length > SOURCE_LENGTH) {
    throw new TemplateFault(
      `a template of ${source.length} characters: at most ${SOURCE_LENGTH} are taken`,
      null,
    );
  }
  const engine = engineOf(escaping);
  const parts = told(source, () => engine.parse(source));
  const template = {
    render: (variables: Variables) => told(source, () => bounded(engine.renderSync(parts, variables))),
  };
  const examples = samples();
  for (const variables of examples) checkNames(engine, parts, source, variables);
  for (const variables of examples) template.render(variables);
  return template;
}

function engineOf(escaping: Escape): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    strictVariables: true,
    ownPropertyOnly: true,
    // In place of the file system.
    templates: {},
    outputEscape: (value: unknown) => escaping(wordsOf(value)),
    // The same text on every machine.
    timezoneOffset: 0,
    locale: "en",
    parseLimit: SOURCE_LENGTH,
    renderLimit: RENDER_MS,
    memoryLimit: MEMORY,
  });
  for (const tag of Object.keys(engine.tags)) if (!TAGS.includes(tag)) delete engine.tags[tag];
  engine.unregisterFilter("raw");
  return engine;
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.map(wordsOf).join(", ") : String(value);
}

function bounded(text: unknown): string {
  const whole = String(text).trim();
  if (whole.length <= TEXT_LENGTH) return whole;
  throw new TemplateFault(
    `it makes a text of ${whole.length} characters: at most ${TEXT_LENGTH} are taken`,
    null,
  );
}

/** Names in branches that no example takes as well. */
function checkNames(engine: Liquid, parts: Part[], source: string, variables: Variables): void {
  const { globals } = told(source, () => engine.analyzeSync(parts, { partials: false }));
  for (const { segments, location } of Object.values(globals).flat()) {
    const name = unknownName(variables, segments);
    if (name === null) continue;
    throw new TemplateFault(`there is no variable ${name}`, offsetOf(source, location.row, location.col));
  }
}

/** What liquidjs throws, as far as it says. */
interface LiquidFault extends Error {
  readonly originalError?: Error & { readonly variableName?: string };
  readonly token?: { getPosition(): readonly number[] };
}

/** Runs it, and tells what liquidjs throws as what is wrong with the template. */
function told<T>(source: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TemplateFault) throw error;
    const { message, originalError, token } = error as LiquidFault;
    const name = originalError?.variableName;
    const [first = message] = message.split("\n");
    const words =
      name === undefined ? first.replace(/, line:\d+, col:\d+$/, "") : `there is no variable ${name}`;
    const [row, column] = token?.getPosition() ?? [];
    const offset = row === undefined || column === undefined ? null : offsetOf(source, row, column);
    throw new TemplateFault(words, offset, { cause: error });
  }
}

/** @param row and column begin at 1 */
function offsetOf(source: string, row: number, column: number): number {
  const before = source.split("\n").slice(0, row - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + column - 1;
}
