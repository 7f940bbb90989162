import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { untilStopped } from "../../../agent/stop.ts";

test.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["disconnect", "the end of its parent"],
])("%s stops the agent, a signal after it ends it at once", async (event, reason) => {
  const events = new EventEmitter();
  const exits: string[] = [];
  const stopped = untilStopped(events, (signal) => exits.push(signal));
  events.emit(event);
  expect(await stopped).toBe(reason);
  expect(exits).toEqual([]);
  events.emit("SIGINT");
  expect(exits).toEqual(["SIGINT"]);
});
