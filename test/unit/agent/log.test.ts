import { expect, test } from "vitest";
import { createLog, createSeldomLog } from "../../../agent/log.ts";

function lines(plain: boolean, secrets: ReadonlySet<string> = new Set()) {
  const written: string[] = [];
  const write = (line: string) => {
    written.push(line);
  };
  return { written, log: createLog({ plain, write, secrets, now: () => 0 }) };
}

test("a terminal gets plain lines", () => {
  const { written, log } = lines(true);
  log.warn("the queue is full");
  expect(written).toEqual(["warn the queue is full"]);
});

test("anything else gets one JSON object a line", () => {
  const { written, log } = lines(false);
  log.error('a "quoted"\nmessage');
  expect(written.map((line) => JSON.parse(line))).toEqual([
    { level: "error", time: "1970-01-01T00:00:00.000Z", part: "agent", msg: 'a "quoted"\nmessage' },
  ]);
  expect(written[0]).not.toContain("\n");
});

test("what a server sends forges no line and steers no terminal", () => {
  const { written, log } = lines(true);
  log.info("a\nerror b\u001b[2Jc");
  expect(written).toEqual(["info a error b [2Jc"]);
});

test("the same thing is said once a minute, with how often it was left out", () => {
  const said: string[] = [];
  let now = 0;
  const seldom = createSeldomLog(60_000, () => now);
  const say = (subject: string) => seldom.say(subject, (message) => said.push(message), subject);
  say("a");
  say("a");
  say("b");
  now = 59_999;
  say("a");
  now = 60_000;
  say("a");
  seldom.over("a");
  say("a");
  expect(said).toEqual(["a", "b", "a (and 2 times more before)", "a"]);
});

test.each([true, false])("a secret that a proxy repeats is left out", (plain) => {
  const { written, log } = lines(plain, new Set(['s3"cret-token']));
  log.warn('502 Bad Gateway, authorization: Bearer s3"cret-token');
  expect(written.join()).not.toContain("cret-token");
  expect(written.join()).toContain("Bearer ***");
});
