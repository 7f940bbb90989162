import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runDetect } from "../../../../src/commands/detect.ts";
import { MONDAY } from "../support/load.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-detect-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Collected extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

async function detect(words: readonly string[], input: Readable = Readable.from([])): Promise<string> {
  const output = new Collected();
  await runDetect(words, input, output);
  return output.text;
}

/** A quiet day by the minute, and a burst. */
function quietDay(): string[] {
  const rows = Array.from({ length: 1_440 }, (_, minute) => `${MONDAY / 1000 + minute * 60},0`);
  return ["timestamp,value", ...rows, `${MONDAY / 1000 + 86_400},30`];
}

test("a file is judged row by row, its timestamps and values as they were", async () => {
  const file = join(folder, "quiet.csv");
  await writeFile(file, `${quietDay().join("\r\n")}\r\n\r\n`);
  const lines = (await detect(["--csv", file, "--kind", "count"])).trimEnd().split("\n");
  expect(lines).toHaveLength(1_442);
  expect(lines[0]).toBe("timestamp,value,score,flag");
  expect(lines[1]).toBe(`${MONDAY / 1000},0,0.000,0`);
  expect(lines.at(-1)).toMatch(new RegExp(`^${MONDAY / 1000 + 86_400},30,[0-9]+\\.[0-9]{3},1$`));
  expect(lines.filter((line) => line.endsWith(",1"))).toHaveLength(1);
});

test("a row is answered before the next one comes", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const running = runDetect(["--csv", "-"], input, output);
  const answers = output[Symbol.asyncIterator]();
  let seen = "";
  const until = async (text: string) => {
    while (!seen.includes(text)) seen += (await answers.next()).value;
  };
  input.write("timestamp,value\n2026-11-22T10:00:00Z,7\n");
  await until("2026-11-22T10:00:00Z,7,0.000,0\n");
  input.write("2026-11-22T10:01:00Z,8\n");
  await until("2026-11-22T10:01:00Z,8,0.000,0\n");
  input.end();
  await running;
});

test("a reader that goes away ends it without a fault", async () => {
  const rows = quietDay().map((row) => `${row}\n`);
  const closing = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
  });
  await runDetect(["--csv", "-"], Readable.from(rows), closing);
});

describe("faults say what and where, and what to do", () => {
  test.each<[string, string[], string, RegExp]>([
    ["no file", [], "", /^which file\? detect --csv FILE/],
    ["a file that is not there", ["--csv", "/nowhere.csv"], "", /^cannot read \/nowhere\.csv: ENOENT/],
    [
      "a kind that is none",
      ["--csv", "-", "--kind", "rate"],
      "",
      /^--kind rate: give one of gauge, count, counter/,
    ],
    ["words that are none", ["--csv", "-", "--fast"], "", /'--fast'.*detect --csv FILE/s],
    ["nothing at all", ["--csv", "-"], "", /^- is empty: it needs the header/],
    ["no header", ["--csv", "-"], "1,2\n", /^-, line 1 is "1,2", and not the header/],
    ["a bad row", ["--csv", "-"], "timestamp,value\n1,2\n\n2,x\n", /^-, line 4: "x" is no number/],
  ])("%s", async (_name, words, text, message) => {
    await expect(detect(words, Readable.from([text]))).rejects.toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringMatching(message),
    });
  });

  test("the rows before a bad one are answered", async () => {
    const output = new Collected();
    const input = Readable.from(["timestamp,value\n1,2\n1,3\n"]);
    await expect(runDetect(["--csv", "-"], input, output)).rejects.toThrow(/line 3: "1" is not after/);
    expect(output.text).toBe("timestamp,value,score,flag\n1,2,0.000,0\n");
  });
});

test("help tells the kinds", async () => {
  expect(await detect(["--help"])).toMatch(/--kind KIND {2}gauge: how much there is \(default\)/);
});
