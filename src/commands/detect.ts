import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { checkHeader, KINDS, type Kind, parseRow } from "../detect/stream/csv.ts";
import { RowJudge } from "../detect/stream/judge.ts";
import { SpillwayError } from "../errors.ts";

export const DETECT_USAGE = "detect --csv FILE [--kind gauge|count|counter]";

const HELP = `${DETECT_USAGE}

Runs the generic detectors over a series of your own, and writes timestamp,value,score,flag.

  --csv FILE   rows "timestamp,value" under that header, by time; - for standard input.
               Timestamps: RFC 3339 (without a zone: UTC), or seconds or milliseconds since 1970
  --kind KIND  gauge: how much there is (default). count: how much came since the row before.
               counter: a running total, which may begin anew

The score is how far a value is from what was usual, in standard deviations: 0 while too little is known. The
flag is 1 where a detector speaks. Each row is judged by those before it alone.`;

interface Options {
  readonly file: string;
  readonly kind: Kind;
}

/**
 * Judges a CSV row by row as it is read, in memory of a fixed size.
 *
 * @throws BAD_REQUEST for wrong words, a file that cannot be read, and the first row that is not of the form
 */
export async function runDetect(
  words: readonly string[],
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> {
  const options = readOptions(words);
  if (options === null) {
    output.write(`${HELP}\n`);
    return;
  }
  const { file, kind } = options;
  const source = file === "-" ? input : createReadStream(file);
  const failed = new Promise<never>((_, reject) => {
    source.once("error", (cause: Error) => reject(bad(`cannot read ${file}: ${cause.message}`)));
  });
  // A reader that has seen enough, such as head, closes the pipe: there is nobody left to tell.
  const closed = new Promise<void>((resolve) => output.once("error", () => resolve()));
  await Promise.race([judgeLines(source, file, kind, output), failed, closed]);
}

/** Null when help is asked for. */
function readOptions(words: readonly string[]): Options | null {
  const { values } = parse(words);
  if (values.help === true) return null;
  const kind = KINDS.find((known) => known === values.kind);
  if (values.csv === undefined) throw bad(`which file? ${DETECT_USAGE}`);
  if (kind === undefined) throw bad(`--kind ${values.kind}: give one of ${KINDS.join(", ")}`);
  return { file: values.csv, kind };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        csv: { type: "string" },
        kind: { type: "string", default: "gauge" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw bad(`${(cause as Error).message}\n\n${DETECT_USAGE}`);
  }
}

async function judgeLines(source: Readable, file: string, kind: Kind, output: Writable): Promise<void> {
  const judge = new RowJudge(kind);
  let number = 0;
  let before: number | null = null;
  for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (number === 1) {
      checked(file, () => checkHeader(line));
      await write(output, "timestamp,value,score,flag\n");
      continue;
    }
    if (line.trim() === "") continue;
    const row = checked(file, () => parseRow(line, number, kind, before));
    before = row.at;
    const { score, flag } = judge.next(row.at, row.value);
    await write(output, `${row.timestampText},${row.valueText},${score.toFixed(3)},${flag ? 1 : 0}\n`);
  }
  if (number === 0) throw bad(`${file} is empty: it needs the header "timestamp,value" and rows below it`);
}

function checked<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw bad(`${file}, ${error.message}`);
    throw error;
  }
}

async function write(output: Writable, text: string): Promise<void> {
  if (!output.write(text) && !output.destroyed) await once(output, "drain");
}

function bad(message: string): SpillwayError {
  return new SpillwayError("BAD_REQUEST", message);
}
