/** Files that people write, in YAML: read, checked, and every fault told with its line and column. */
import { readFile } from "node:fs/promises";
import { type Document, isNode, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { SpillwayError } from "./errors.ts";

const FAULTS_SHOWN = 20;

/** Something wrong with a value, and where in the file it is. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Where within the value, of one that is a long text; its beginning by default. */
  readonly within?: Within | undefined;
}

/** A place in a text that is a value. */
export interface Within {
  readonly text: string;
  readonly offset: number;
}

export interface YamlFile<T> {
  readonly text: string;
  readonly path: string;
  /** As a sentence calls it: "the labels file". */
  readonly called: string;
  readonly schema: z.ZodType<T>;
  /** What the values are replaced by before they are checked; by default they stay as they are. */
  readonly prepare?: (value: unknown) => { readonly value: unknown; readonly faults: readonly Fault[] };
}

/** @returns null when there is no such file @throws CONFIGURATION when it cannot be read */
export async function readTextFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new SpillwayError("CONFIGURATION", `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws CONFIGURATION with each fault as `path:line:column: what is wrong` */
export function parseYaml<T>({ text, path, called, schema, prepare }: YamlFile<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const syntax = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    offset: pos[0],
    message,
  }));
  const unread = syntax.length > 0 ? syntax : aliasFaults(document);
  if (unread.length > 0)
    throw faulty(
      called,
      unread.map(({ offset, message }) => `${at(offset)}: ${message}`),
    );

  const told = (faults: readonly Fault[]) =>
    faulty(
      called,
      faults.map((fault) => `${at(offsetOf(text, document, fault))}: ${textOf(fault)}`),
    );
  const read = plainValue(document, called);
  const { value, faults } = prepare?.(read) ?? { value: read, faults: [] };
  if (faults.length > 0) throw told(faults);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw told(
    result.error.issues.map((issue) => ({
      path: issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path,
      shown: issue.path,
      message: issue.message,
      within: issue.code === "custom" ? (issue.params?.within as Within | undefined) : undefined,
    })),
  );
}

/** Aliases of nothing, and those of what they are a part of, which would have no end. */
function aliasFaults(document: Document.Parsed): { readonly offset: number; readonly message: string }[] {
  const faults: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_key, alias, path) {
      const target = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (target === undefined) {
        faults.push({ offset, message: `*${alias.source} names nothing: write &${alias.source} before it` });
      } else if (path.includes(target)) {
        faults.push({ offset, message: `*${alias.source} names what it is a part of` });
      }
    },
  });
  return faults;
}

/** @throws CONFIGURATION where aliases of aliases make a short text a very long one */
function plainValue(document: Document.Parsed, called: string): unknown {
  try {
    return document.toJS() ?? undefined;
  } catch (error) {
    throw faulty(called, [(error as Error).message]);
  }
}

function textOf({
  path,
  shown = path,
  message,
}: Fault & { readonly shown?: readonly PropertyKey[] }): string {
  const words = shown.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return `${words.replace(/^\./, "") || "the file"}: ${message}`;
}

/** Where the thing at fault begins: the value or a place in it, or the nearest thing around it that is there. */
function offsetOf(text: string, document: Document.Parsed, { path, within }: Fault): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined;
    if (!isNode(node) || node.range == null) continue;
    const [start, end] = node.range;
    return within === undefined ? start : start + (offsetWithin(text.slice(start, end), within) ?? 0);
  }
  return document.contents?.range?.[0] ?? 0;
}

/**
 * Where a place in a value is in the source that it was read from, which has quotes, escapes and an indentation of its
 * own: there the same word comes as often before it. Null where it does not.
 */
function offsetWithin(source: string, { text, offset }: Within): number | null {
  const word = /^(?:[\w.]+|.)/u.exec(text.slice(offset))?.[0];
  if (word === undefined) return null;
  const before = text.slice(0, offset).split(word).length - 1;
  let found = source.indexOf(word);
  for (let count = 0; count < before && found >= 0; count++)
    found = source.indexOf(word, found + word.length);
  return found < 0 ? null : found;
}

function faulty(called: string, faults: readonly string[]): SpillwayError {
  const more = faults.length - FAULTS_SHOWN;
  const lines = [`${called} has faults:`, ...faults.slice(0, FAULTS_SHOWN)];
  if (more > 0) lines.push(`and ${more} more`);
  return new SpillwayError("CONFIGURATION", lines.join("\n  "));
}
